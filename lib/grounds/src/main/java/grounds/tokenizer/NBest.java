package grounds.tokenizer;

import grounds.tokenizer.UnigramTokenizer.Segmentation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** The n most probable segmentations of a text, from those of its words, one after another. */
final class NBest {

  /** The words so far: a segmentation of the last one, after one of those before it. */
  private record Part(Part before, Segmentation word, double logProbability) {
    Segmentation whole() {
      List<Segmentation> words = new ArrayList<>();
      for (Part part = this; part.before != null; part = part.before) {
        words.add(part.word);
      }
      Collections.reverse(words);
      return new Segmentation(
          words.stream().flatMap(word -> word.ids().stream()).toList(), logProbability);
    }
  }

  private final int n;
  private List<Part> parts = List.of(new Part(null, new Segmentation(List.of(), 0), 0));

  NBest(int n) {
    this.n = n;
  }

  /** Takes the n best segmentations of the next word, the best first. */
  void add(List<Segmentation> words) {
    List<Part> longer = new ArrayList<>();
    for (Segmentation word : words) {
      for (Part before : parts) {
        longer.add(new Part(before, word, before.logProbability + word.logProbability()));
      }
    }
    longer.sort(Comparator.comparingDouble(Part::logProbability).reversed());
    parts = List.copyOf(longer.subList(0, Math.min(n, longer.size())));
  }

  List<Segmentation> segmentations() {
    return parts.stream().map(Part::whole).toList();
  }
}
