package grounds.cluster;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a cluster is: {@code local[N]} or {@code local[*]}, this process with so many runs at a
 * time; {@code spark://HOST:PORT}, several apart by commas; or any other address that Spark knows.
 */
record Master(String url) {

  private static final Pattern STANDALONE = Pattern.compile("spark://(.+)");
  private static final Pattern ADDRESS = Pattern.compile("(.+):(\\d{1,5})");
  private static final Pattern LOCAL = Pattern.compile("local(\\[(\\*|[1-9]\\d*)])?");
  private static final Pattern OTHER = Pattern.compile("(yarn|k8s://.+)");
  private static final int TIMEOUT_MILLIS = 3_000;

  Master {
    if (!LOCAL.matcher(url).matches()
        && !STANDALONE.matcher(url).matches()
        && !OTHER.matcher(url).matches()) {
      throw new IllegalArgumentException(
          "Wanted a master such as local[*] or spark://host:7077, got '" + url + "'.");
    }
  }

  boolean isLocal() {
    return LOCAL.matcher(url).matches();
  }

  /**
   * Looks whether somebody answers, which Spark itself would try for a minute.
   *
   * @throws IllegalStateException if nobody does
   */
  void requireAnswer() {
    Matcher standalone = STANDALONE.matcher(url);
    if (!standalone.matches()) {
      return;
    }
    String why = "";
    for (String address : standalone.group(1).split(",")) {
      Matcher parts = ADDRESS.matcher(address);
      if (!parts.matches()) {
        throw new IllegalArgumentException(
            "Wanted a master such as spark://host:7077, got '" + address + "' in '" + url + "'.");
      }
      try (Socket socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2))),
            TIMEOUT_MILLIS);
        return;
      } catch (IOException | IllegalArgumentException e) { // the latter: no such port
        why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      }
    }
    throw new IllegalStateException(
        "No Spark master answers at "
            + url
            + " ("
            + why
            + "). Start one with notebooks/lab cluster master, correct the address, or leave"
            + " --master out to use this machine alone.");
  }
}
