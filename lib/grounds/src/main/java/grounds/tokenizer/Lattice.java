package grounds.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * All segmentations of one word, as a graph: its nodes are the places between characters, its edges
 * the pieces that fit there. A character that is no piece of its own gets a fallback edge, so that
 * there is a way through always. What is a sum or a maximum over segmentations, exponentially many,
 * is one pass over the edges.
 *
 * <p>One object reads one word after another; it is not for several threads at once.
 */
final class Lattice {
  /** The piece of a fallback edge. */
  static final int FALLBACK = -1;

  private final PieceTrie trie;
  private final double[] logProbabilities;
  private final double fallback;

  private int length;
  private int[] firstEdge = {};
  private final IntList ends = new IntList();
  private final IntList pieces = new IntList();

  private double[] prefix = {};
  private double[] suffix = {};
  private int[] arrival = {};

  Lattice(PieceTrie trie, double[] logProbabilities, double fallback) {
    this.trie = trie;
    this.logProbabilities = logProbabilities;
    this.fallback = fallback;
  }

  /** Takes a part of a text, and all pieces in it that are at most so long. */
  void read(String text, int from, int to, int longestPiece) {
    length = to - from;
    if (firstEdge.length < length + 2) {
      firstEdge = new int[length + 2];
      prefix = new double[length + 1];
      suffix = new double[length + 1];
      arrival = new int[length + 1];
    }
    ends.clear();
    pieces.clear();
    for (int start = 0; start < length; start++) {
      firstEdge[start] = ends.size();
      if (start == 0 || !Character.isLowSurrogate(text.charAt(from + start))) {
        addEdges(text, from, start, Math.min(length, start + longestPiece));
      }
    }
    firstEdge[length] = ends.size();
  }

  private void addEdges(String text, int from, int start, int limit) {
    int oneCharacter = start + Character.charCount(text.codePointAt(from + start));
    boolean known = false;
    int node = PieceTrie.ROOT;
    for (int end = start; end < limit; ) {
      node = trie.child(node, text.charAt(from + end));
      if (node == PieceTrie.NONE) {
        break;
      }
      end++;
      int piece = trie.piece(node);
      if (piece != PieceTrie.NONE) {
        ends.add(end);
        pieces.add(piece);
        known |= end == oneCharacter;
      }
    }
    if (!known) {
      ends.add(oneCharacter);
      pieces.add(FALLBACK);
    }
  }

  /** Where an edge ends, counted from the start of the word. */
  int end(int edge) {
    return ends.get(edge);
  }

  /** An edge's piece, or {@link #FALLBACK}. */
  int piece(int edge) {
    return pieces.get(edge);
  }

  private double logProbability(int edge) {
    int piece = pieces.get(edge);
    return piece == FALLBACK ? fallback : logProbabilities[piece];
  }

  /**
   * The edges of the most probable segmentation (Viterbi 1967). Among equal ones it is the one
   * whose last piece is longest, then the one before it, and so on.
   */
  int[] best() {
    Arrays.fill(prefix, 0, length + 1, Double.NEGATIVE_INFINITY);
    prefix[0] = 0;
    int[] start = new int[length + 1];
    for (int at = 0; at < length; at++) {
      for (int edge = firstEdge[at]; edge < firstEdge[at + 1]; edge++) {
        double sum = prefix[at] + logProbability(edge);
        int end = ends.get(edge);
        if (sum > prefix[end]) { // Not >=: the first to come is the longest.
          prefix[end] = sum;
          arrival[end] = edge;
          start[end] = at;
        }
      }
    }
    int count = 0;
    for (int at = length; at > 0; at = start[at]) {
      count++;
    }
    int[] path = new int[count];
    for (int at = length; at > 0; at = start[at]) {
      path[--count] = arrival[at];
    }
    return path;
  }

  /** A segmentation: its last edge, and the segmentation before it (none at the start). */
  record Path(Path before, int edge, double logProbability) {
    int[] edges() {
      IntList backwards = new IntList();
      for (Path path = this; path.before != null; path = path.before) {
        backwards.add(path.edge);
      }
      int count = backwards.size();
      int[] edges = new int[count];
      for (int i = 0; i < count; i++) {
        edges[i] = backwards.get(count - 1 - i);
      }
      return edges;
    }
  }

  /** The n most probable segmentations, the first one first; all of them if they are fewer. */
  List<Path> best(int n) {
    List<List<Path>> paths = new ArrayList<>();
    for (int at = 0; at <= length; at++) {
      paths.add(new ArrayList<>());
    }
    paths.get(0).add(new Path(null, FALLBACK, 0));
    for (int at = 0; at < length; at++) {
      List<Path> here = mostProbable(paths.get(at), n);
      for (int edge = firstEdge[at]; edge < firstEdge[at + 1]; edge++) {
        for (Path path : here) {
          paths
              .get(ends.get(edge))
              .add(new Path(path, edge, path.logProbability + logProbability(edge)));
        }
      }
    }
    return mostProbable(paths.get(length), n);
  }

  /** Sorting is stable, so ties go as in {@link #best()}. */
  private static List<Path> mostProbable(List<Path> paths, int n) {
    paths.sort(Comparator.comparingDouble(Path::logProbability).reversed());
    return paths.subList(0, Math.min(n, paths.size()));
  }

  /**
   * The log of the sum, over all segmentations, of their probabilities to the power alpha. Leaves
   * the same sum for every suffix of the word, for {@link #sample} and {@link #expect}.
   */
  double logSum(double alpha) {
    suffix[length] = 0;
    for (int at = length - 1; at >= 0; at--) {
      int from = firstEdge[at];
      int to = firstEdge[at + 1];
      double largest = Double.NEGATIVE_INFINITY;
      for (int edge = from; edge < to; edge++) {
        largest = Math.max(largest, alpha * logProbability(edge) + suffix[ends.get(edge)]);
      }
      if (to - from > 1 && largest > Double.NEGATIVE_INFINITY) {
        double sum = 0;
        for (int edge = from; edge < to; edge++) {
          sum += Math.exp(alpha * logProbability(edge) + suffix[ends.get(edge)] - largest);
        }
        largest += Math.log(sum);
      }
      suffix[at] = largest;
    }
    return suffix[0];
  }

  /**
   * The edges of a segmentation drawn with probability proportional to P to the power alpha. Each
   * piece is drawn given those before it: its share of the sum over all ways to go on. (Forward
   * filtering, backward sampling, Scott 2002, with the two ends exchanged.)
   */
  int[] sample(double alpha, RandomGenerator random) {
    logSum(alpha);
    IntList path = new IntList();
    for (int at = 0; at < length; ) {
      int edge = firstEdge[at];
      int last = firstEdge[at + 1] - 1;
      if (edge < last) {
        double draw = random.nextDouble();
        for (; edge < last; edge++) {
          int end = ends.get(edge);
          draw -= Math.exp(alpha * logProbability(edge) + suffix[end] - suffix[at]);
          if (draw < 0) {
            break;
          }
        }
      }
      path.add(edge);
      at = ends.get(edge);
    }
    return path.toArray();
  }

  /**
   * Adds to each piece's count how often it is expected in the word (forward-backward, Baum 1972),
   * times a weight.
   *
   * @return the log probability of the word
   */
  double expect(double weight, double[] counts) {
    double whole = logSum(1);
    // prefix[at] is the probability that a segmentation has a cut there, not a log.
    Arrays.fill(prefix, 0, length + 1, 0);
    prefix[0] = 1;
    for (int at = 0; at < length; at++) {
      for (int edge = firstEdge[at]; prefix[at] > 0 && edge < firstEdge[at + 1]; edge++) {
        int end = ends.get(edge);
        double share = prefix[at] * Math.exp(logProbability(edge) + suffix[end] - suffix[at]);
        prefix[end] += share;
        if (pieces.get(edge) != FALLBACK) {
          counts[pieces.get(edge)] += weight * share;
        }
      }
    }
    return whole;
  }
}
