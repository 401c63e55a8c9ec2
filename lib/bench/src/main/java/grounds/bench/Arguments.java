package grounds.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** Pairs of {@code --NAME VALUE} from a command line, with a default for each name. */
final class Arguments {
  private final Map<String, String> values;

  /**
   * Arguments.
   *
   * @throws IllegalArgumentException if a name has no default or no value
   */
  Arguments(Map<String, String> defaults, String... args) {
    values = new LinkedHashMap<>(defaults);
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : "";
      if (!defaults.containsKey(name) || i + 1 == args.length) {
        throw new IllegalArgumentException(
            "Wanted pairs of --NAME VALUE with a name of " + defaults + ", got " + args[i] + ".");
      }
      values.put(name, args[i + 1]);
    }
  }

  String text(String name) {
    return values.get(name);
  }

  int number(String name) {
    return Integer.parseInt(text(name));
  }

  double real(String name) {
    return Double.parseDouble(text(name));
  }

  boolean flag(String name) {
    return Boolean.parseBoolean(text(name));
  }
}
