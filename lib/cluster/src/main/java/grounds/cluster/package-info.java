/**
 * Work of the library on Apache Spark: sweeps, and the counting of a corpus.
 *
 * <p>Start with {@link grounds.cluster.Cluster}: {@code Cluster.at("local[*]")} is this machine,
 * {@code Cluster.at("spark://host:7077")} any other. It runs a {@link grounds.scaling.Sweep} with
 * one task a run, and counts the pieces of files for a {@link grounds.tokenizer.BpeTrainer}. {@link
 * grounds.cluster.ClusterSweepCommand} is the command line, {@link grounds.cluster.RunTable} writes
 * runs as Parquet.
 *
 * <p>The jars of the library are sent to the workers, the ids of a text are broadcast; the store of
 * the runs lies on a file system that all share. A task does what {@link grounds.scaling.Sweep#run}
 * does for its one run: claims it, goes on from its checkpoint, adds its row. So it does not matter
 * how often Spark starts it, nor where.
 *
 * <p>To spread another kind of work, write a task whose result may be computed twice, and give
 * {@code Cluster} a method that hands it out.
 */
package grounds.cluster;
