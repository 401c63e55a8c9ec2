package grounds.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Makes a WordPiece vocabulary from text: from single characters on, the two neighbours with the
 * highest score are merged into a new token, again and again, until the vocabulary is full or no
 * two neighbours are left.
 *
 * <p>Score = count(pair) / (count(left) * count(right)), where a count is how often it occurs in
 * all words of the text, cut as the merges so far cut them. It is high where two tokens meet more
 * often than their own counts would have it; its logarithm is, up to a constant, their pointwise
 * mutual information. Byte-pair encoding takes the pair with the highest count instead. Schuster
 * and Nakajima (2012) ask for the merge that most raises the likelihood of the text, and Google
 * published no trainer; this score is the usual account of theirs, as in chapter 6 of Hugging
 * Face's course. (Hugging Face's own trainer merges by count, as byte-pair encoding does.) We take
 * the score because that is what sets WordPiece apart. It has a weakness that is worth seeing: two
 * rare tokens that meet once score high. {@link #withMinimumFrequency} is the remedy.
 *
 * <p>Scores are compared exactly. Of equal ones the higher count(pair) goes first, then the left
 * token, then the right one, that comes first in the order of strings. So the same text always
 * gives the same vocabulary: special tokens, characters in the order of strings, merges in the
 * order they were made.
 *
 * <p>Words are cut as {@link WordPieceTokenizer} cuts them; those over 100 characters, which it
 * never looks up, do not count. The text of a special token counts as plain text.
 *
 * @param vocabularySize the number of tokens, special tokens included; fewer come where the text
 *     gives out
 * @param lowerCase whether letters are lower-cased and lose their accents
 * @param minimumFrequency how often two tokens must meet to be merged; characters always stay
 * @param specialTokens the first tokens of the vocabulary, {@code [UNK]} among them
 */
public record WordPieceTrainer(
    int vocabularySize, boolean lowerCase, int minimumFrequency, List<String> specialTokens) {

  /**
   * Two tokens become one.
   *
   * @param left the first of the pair
   * @param right the second, with its {@code ##}
   * @param joined the new token
   * @param count how often the pair occurred
   * @param leftCount how often the first occurred, in any company
   * @param rightCount how often the second occurred
   */
  public record Merge(
      String left, String right, String joined, long count, long leftCount, long rightCount) {

    /** What the merge was chosen by: count / (leftCount * rightCount). */
    public double score() {
      return (double) count / leftCount / rightCount;
    }
  }

  /** Checks the numbers and the special tokens. */
  public WordPieceTrainer {
    specialTokens = List.copyOf(specialTokens);
    if (vocabularySize < 1 || minimumFrequency < 1) {
      throw new IllegalArgumentException(
          "Wanted a vocabulary size and a minimum frequency of 1 or more; got %d and %d."
              .formatted(vocabularySize, minimumFrequency));
    }
    if (!specialTokens.contains(WordPieceTokenizer.UNKNOWN)
        || Set.copyOf(specialTokens).size() < specialTokens.size()) {
      throw new IllegalArgumentException(
          "Wanted different special tokens, with %s among them; got %s."
              .formatted(WordPieceTokenizer.UNKNOWN, specialTokens));
    }
    for (String token : specialTokens) {
      int[] words = {0};
      new BertPreTokenizer(lowerCase).words(token, word -> words[0]++);
      if (words[0] < 2) {
        throw new IllegalArgumentException(
            ("A special token holds a punctuation mark and more, as [UNK] does, so that no word can"
                    + " be one; got \"%s\". Write [%s].")
                .formatted(token, token));
      }
    }
  }

  /** A trainer with BERT's special tokens that merges whatever occurs. */
  public static WordPieceTrainer of(int vocabularySize, boolean lowerCase) {
    return new WordPieceTrainer(vocabularySize, lowerCase, 1, WordPieceTokenizer.SPECIAL_TOKENS);
  }

  /**
   * The same, but pairs that occur less often are not merged. On tiny Shakespeare, 1,000 tokens
   * with a frequency of 1 cut the text into 788,000 tokens, with one of 100 into 449,000.
   */
  public WordPieceTrainer withMinimumFrequency(int frequency) {
    return new WordPieceTrainer(vocabularySize, lowerCase, frequency, specialTokens);
  }

  /** The same with other special tokens, {@code [UNK]} among them. */
  public WordPieceTrainer withSpecialTokens(String... tokens) {
    return new WordPieceTrainer(vocabularySize, lowerCase, minimumFrequency, List.of(tokens));
  }

  /**
   * The tokenizer for a text.
   *
   * @throws IllegalArgumentException if the text has no words, or more characters than the
   *     vocabulary has room for
   * @throws CancellationException if the thread is interrupted
   */
  public WordPieceTokenizer train(String text) {
    return train(text, merge -> {});
  }

  /**
   * The tokenizer for a text, made before your eyes.
   *
   * @param each is told of each merge
   * @throws IllegalArgumentException as {@link #train(String)}
   * @throws CancellationException if the thread is interrupted
   */
  public WordPieceTokenizer train(String text, Consumer<Merge> each) {
    Map<String, Long> words = new HashMap<>();
    count(text, words);
    return train(words, each);
  }

  /**
   * The tokenizer for files of UTF-8 text, read line by line.
   *
   * @throws IllegalArgumentException as {@link #train(String)}
   * @throws UncheckedIOException with the path, if a file cannot be read
   * @throws CancellationException if the thread is interrupted
   */
  public WordPieceTokenizer train(List<Path> files) {
    Map<String, Long> words = new HashMap<>();
    for (Path file : files) {
      try (BufferedReader reader = Files.newBufferedReader(file)) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          count(line, words);
        }
      } catch (IOException e) {
        throw new UncheckedIOException("Could not read " + file.toAbsolutePath() + ".", e);
      }
    }
    return train(words, merge -> {});
  }

  private void count(String text, Map<String, Long> words) {
    new BertPreTokenizer(lowerCase)
        .words(
            text,
            word -> {
              requireNoInterrupt();
              if (word.codePointCount(0, word.length()) <= WordPieceTokenizer.LONGEST_WORD) {
                words.merge(word, 1L, Long::sum);
              }
            });
  }

  private WordPieceTokenizer train(Map<String, Long> words, Consumer<Merge> each) {
    if (words.isEmpty()) {
      throw new IllegalArgumentException("Wanted a text with words to train on; it has none.");
    }
    WordPieceMerges merges = new WordPieceMerges(words, minimumFrequency);
    Set<String> vocabulary = new LinkedHashSet<>(specialTokens);
    vocabulary.addAll(merges.alphabet());
    if (vocabulary.size() > vocabularySize) {
      throw new IllegalArgumentException(
          ("A vocabulary of %,d tokens has no room for %d special tokens and the %,d characters of"
                  + " the text (one that begins a word and goes on in one counts twice). Ask for"
                  + " %,d or more, or leave rare characters out of the text.")
              .formatted(
                  vocabularySize,
                  specialTokens.size(),
                  merges.alphabet().size(),
                  vocabulary.size()));
    }
    while (vocabulary.size() < vocabularySize && merges.hasNext()) {
      requireNoInterrupt();
      Merge merge = merges.next();
      vocabulary.add(merge.joined());
      each.accept(merge);
    }
    return WordPieceTokenizer.ofVocabulary(
        List.copyOf(vocabulary), lowerCase, specialTokens.toArray(String[]::new));
  }

  private static void requireNoInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("The WordPiece training was interrupted; nothing is kept.");
    }
  }
}
