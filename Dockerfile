# The lab of the course in a container: docker-compose.yml starts it, for a CPU, a GPU or a cluster.
#
#   BASE     Debian 13
#   FLAVOR   which native code of PyTorch: cpu, or cu128 for a GPU
#   USER_ID  the number of the user who runs the lab
#
# The last stage but one is the lab, the last one a lab with Apache Spark beside.
# Certificates in certificates/*.crt are trusted in every stage: for networks whose proxy reads TLS.
ARG BASE=debian:trixie-slim

# ---------------------------------------------------------------- what the lab runs on
FROM ${BASE} AS system
ENV LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
COPY certificates/ /usr/local/share/ca-certificates/
# The JDK takes the certificates into its own store when it is installed, so they come first; its
# packages write manual pages, for which a slim image has no folder.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && update-ca-certificates \
    && mkdir -p /usr/share/man/man1 \
    && apt-get install -y --no-install-recommends ca-certificates-java openjdk-21-jdk-headless \
    && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man \
       /usr/lib/jvm/*/jmods /usr/lib/jvm/*/lib/src.zip

# ---------------------------------------------------------------- the library, and its native code
FROM system AS build
RUN mkdir -p /usr/share/man/man1 && apt-get update \
    && apt-get install -y --no-install-recommends maven
WORKDIR /grounds
COPY pom.xml ./
COPY data data
COPY lib lib
ARG FLAVOR=cpu
# The jars lie where they will lie in the image, and none that is not on a class path goes there.
RUN if [ "$FLAVOR" = cpu ]; then set --; else set -- -Dcuda; fi \
    && mvn -B -q -ntp -Dmaven.repo.local=/grounds/jars -Dmaven.test.skip=true \
       -Dspotless.check.skip=true -pl lib/kernel,lib/cluster -am "$@" package
# Native code is unpacked here or, for a GPU, downloaded, so that no cell has to; the jar that it came
# in is left out. It is found and not loaded: the code for a GPU does not load without its driver,
# which comes from the machine that the image will run on. The engine looks in PYTORCH_LIBRARY_PATH
# for PyTorch, in DJL_CACHE_DIR for its own half, and on the loader's path for CUDA to see a GPU.
ENV DJL_CACHE_DIR=/grounds/native OPT_OUT_TRACKING=true PYTORCH_FLAVOR=${FLAVOR}
RUN echo 'class Unpack { public static void main(String[] none) throws Exception { \
            var utils = Class.forName("ai.djl.pytorch.jni.LibUtils"); \
            var find = utils.getDeclaredMethod("getLibTorch"); \
            find.setAccessible(true); \
            var torch = find.invoke(null); \
            var findOurs = utils.getDeclaredMethod("findJniLibrary", torch.getClass()); \
            findOurs.setAccessible(true); \
            System.out.println(findOurs.invoke(null, torch)); } }' >/tmp/Unpack.java \
    && unpack() { java -cp "$(cat lib/kernel/target/dependencies.classpath)" /tmp/Unpack.java; } \
    && unpack && mv native/pytorch/*-"$FLAVOR"-linux-* native/lib && rm native/lib/*libdjl_torch.so \
    && if [ "$FLAVOR" != cpu ]; then ln -s "$(basename native/lib/libcudart*)" native/lib/libcudart.so; fi \
    && sed -i 's|[^:]*pytorch-native[^:]*||; s|::*|:|g; s|^:||; s|:$||' lib/*/target/*.classpath \
    && export PYTORCH_LIBRARY_PATH=/grounds/native/lib && unpack && chmod -R a+rX native \
    && mkdir -p /lab/grounds/data/cache /lab/grounds/state /cluster \
    && cp --parents -r native lib/kernel/target/*.jar lib/grounds/target/*.jar \
       lib/kernel/target/*.classpath /lab/grounds \
    && tr : '\n' <lib/kernel/target/dependencies.classpath | xargs cp --parents -t /lab \
    && for list in lib/cluster/target/*.classpath; do tr : '\n' <"$list"; echo; done \
       | xargs cp --parents -t /cluster \
    && cp --parents lib/cluster/target/*.jar lib/cluster/target/*.classpath \
       lib/cluster/java.options /cluster/grounds \
    && chmod 1777 /lab/grounds/data/cache /lab/grounds/state

# ---------------------------------------------------------------- the lab
FROM system AS lab
# Charts want fonts. Jupyter's packages bring Node.js and its libraries, which only a build of
# extensions would want.
RUN apt-get update \
    && apt-get install -y --no-install-recommends jupyterlab python3-nbclient \
       fontconfig fonts-dejavu-core libfreetype6 libharfbuzz0b \
    && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man \
       /usr/share/nodejs /usr/bin/node* /usr/lib/*/libnode.so*
# A user without a name would do for the lab, and not for Spark.
ARG USER_ID=1000
RUN useradd --non-unique --uid "$USER_ID" --create-home learner && chmod 1777 /home/learner
ARG FLAVOR=cpu
ENV HOME=/home/learner SHELL=/bin/bash PYTORCH_LIBRARY_PATH=/grounds/native/lib \
    LD_LIBRARY_PATH=/grounds/native/lib PYTORCH_FLAVOR=${FLAVOR} DJL_CACHE_DIR=/grounds/native \
    OPT_OUT_TRACKING=true \
    GROUNDS_STATE=/grounds/state GROUNDS_CACHE=/grounds/data/cache GROUNDS_LAB_NO_BUILD=1
COPY --from=build /lab/ /
COPY pom.xml /grounds/
COPY data /grounds/data
COPY --chown=learner notebooks /grounds/notebooks
WORKDIR /grounds
USER learner
EXPOSE 8888
CMD ["notebooks/lab", "--no-browser", "--host", "0.0.0.0"]

# ---------------------------------------------------------------- the lab with Apache Spark
FROM lab AS cluster
COPY --from=build /cluster/ /
