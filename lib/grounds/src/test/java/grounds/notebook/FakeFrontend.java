package grounds.notebook;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A front end that remembers what it was given; the service loader finds it while one is open. */
public final class FakeFrontend implements Frontend, AutoCloseable {

  private static Optional<FakeFrontend> open = Optional.empty();

  private final List<Output> shown = new ArrayList<>();
  private final Map<String, List<Output>> updates = new LinkedHashMap<>();

  /** Makes a front end that is not available, as the service loader does. */
  public FakeFrontend() {}

  static FakeFrontend open() {
    FakeFrontend fake = new FakeFrontend();
    open = Optional.of(fake);
    return fake;
  }

  @Override
  public boolean isAvailable() {
    return open.isPresent();
  }

  @Override
  public void show(Output output) {
    open.orElseThrow().shown.add(output);
  }

  @Override
  public void update(String displayId, Output output) {
    open.orElseThrow().updates.computeIfAbsent(displayId, id -> new ArrayList<>()).add(output);
  }

  @Override
  public void close() {
    open = Optional.empty();
  }

  Output only() {
    if (shown.size() != 1) {
      throw new AssertionError("1 output was expected, but there are " + shown);
    }
    return shown.get(0);
  }

  /** What was shown under each display id, in order. */
  List<List<Output>> updates() {
    return List.copyOf(updates.values());
  }
}
