package grounds.kernel;

import com.google.gson.JsonArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dflib.jjava.jupyter.messages.request.HistoryRequest;

/** The cells that this kernel has run, in order, for as long as it lives. */
final class History {

  /** Jupyter's number of the session that runs. */
  private static final int SESSION = 0;

  private record Entry(int cell, String input, String output) {
    JsonArray json(boolean withOutput) {
      JsonArray json = new JsonArray();
      json.add(SESSION);
      json.add(cell);
      if (withOutput) {
        JsonArray both = new JsonArray();
        both.add(input);
        both.add(output);
        json.add(both);
      } else {
        json.add(input);
      }
      return json;
    }
  }

  private final List<Entry> entries = new ArrayList<>();

  /** Adds a cell with the text of its result, "" if it had none. */
  synchronized void add(int cell, String input, String output) {
    entries.add(new Entry(cell, input, output));
  }

  /** The cells that a request asks for: the last ones, a range, or those that match a glob. */
  synchronized JsonArray find(HistoryRequest ask) {
    Stream<Entry> found = Stream.empty();
    if (ask instanceof HistoryRequest.Tail tail) {
      found = last(entries, tail.getMaxReturnLength());
    } else if (ask instanceof HistoryRequest.Range range) {
      found =
          entries.stream()
              .filter(e -> e.cell() >= range.getStart())
              .filter(e -> range.getStop() <= 0 || e.cell() < range.getStop());
    } else if (ask instanceof HistoryRequest.Search search) {
      String regex =
          "(?s)"
              + search
                  .getPattern()
                  .replaceAll("[\\\\.\\[\\]{}()+^$|]", "\\\\$0")
                  .replace("*", ".*")
                  .replace("?", ".");
      List<Entry> matching = entries.stream().filter(e -> e.input().matches(regex)).toList();
      if (search.filterUnique()) {
        Map<String, Entry> latest = new LinkedHashMap<>();
        for (Entry e : matching) {
          latest.remove(e.input());
          latest.put(e.input(), e);
        }
        matching = List.copyOf(latest.values());
      }
      found = last(matching, search.getMaxReturnLength());
    }
    JsonArray json = new JsonArray();
    found.map(e -> e.json(ask.includeOutput())).forEach(json::add);
    return json;
  }

  private static Stream<Entry> last(List<Entry> entries, int length) {
    return entries.stream().skip(length <= 0 ? 0 : Math.max(0, entries.size() - length));
  }
}
