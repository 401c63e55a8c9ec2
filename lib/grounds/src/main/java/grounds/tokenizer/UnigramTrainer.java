package grounds.tokenizer;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Learns the pieces of a {@link UnigramTokenizer} from text (Kudo 2018, section 3.2):
 *
 * <ol>
 *   <li>start from all frequent substrings of words, far too many;
 *   <li>estimate their probabilities by expectation maximisation, two steps;
 *   <li>drop the quarter of them that the likelihood of the text misses least, and those that are
 *       hardly used;
 *   <li>repeat until the vocabulary has the wanted size, then estimate once more.
 * </ol>
 *
 * <p>Same texts, same vocabulary: nothing is drawn at random.
 *
 * @param vocabularySize how many tokens: special tokens, 256 bytes and pieces. A text with too few
 *     different substrings gives fewer
 * @param specialTokens their text is left out where it stands in the training text
 * @param characterCoverage how large a share of all characters must be pieces, in (0, 1]: the most
 *     frequent ones are. The rest become bytes. SentencePiece's default is 0.9995
 */
public record UnigramTrainer(
    int vocabularySize, List<String> specialTokens, double characterCoverage) {

  private static final int BYTES = UnigramVocabulary.BYTES;

  // SentencePiece's defaults (trainer_spec in sentencepiece_model.proto).
  private static final double CHARACTER_COVERAGE = 0.9995;
  private static final int LONGEST_PIECE = 16;
  private static final int SEED_PIECES = 1_000_000;
  private static final double SHRINKING_FACTOR = 0.75;
  private static final int STEPS = 2;

  /** A piece expected less often than this goes at once; SentencePiece's threshold. */
  private static final double LEAST_COUNT = 0.5;

  public UnigramTrainer {
    specialTokens = List.copyOf(specialTokens);
    if (!(characterCoverage > 0 && characterCoverage <= 1)) {
      throw new IllegalArgumentException(
          "Wanted a character coverage in (0, 1], got " + characterCoverage + ".");
    }
    // Special tokens that cannot be are refused here, not after hours of training.
    int least = new UnigramVocabulary(specialTokens, List.of()).size() + 1;
    if (vocabularySize < least) {
      throw new IllegalArgumentException(
          ("Wanted a vocabulary of %d or more (%d special tokens, %d bytes, 1 piece), got %d.")
              .formatted(least, specialTokens.size(), BYTES, vocabularySize));
    }
  }

  /** A trainer without special tokens, with SentencePiece's character coverage. */
  public UnigramTrainer(int vocabularySize) {
    this(vocabularySize, List.of(), CHARACTER_COVERAGE);
  }

  public UnigramTrainer withSpecialTokens(String... tokens) {
    return new UnigramTrainer(vocabularySize, List.of(tokens), characterCoverage);
  }

  public UnigramTrainer withCharacterCoverage(double coverage) {
    return new UnigramTrainer(vocabularySize, specialTokens, coverage);
  }

  /**
   * Trains on a text.
   *
   * @throws IllegalArgumentException if it is empty, or has more characters than the vocabulary has
   *     room for
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public UnigramTokenizer train(String text) {
    WordCounter counter = new WordCounter(specialTokens);
    try (Reader reader = new StringReader(text)) {
      counter.count(reader);
    } catch (IOException e) {
      throw new UncheckedIOException("A text in memory could not be read.", e);
    }
    return train(counter);
  }

  /**
   * Trains on files of UTF-8 text, which are read part by part. No word reaches from one into the
   * next.
   *
   * @throws UncheckedIOException if one cannot be read or is not UTF-8
   * @throws IllegalArgumentException as {@link #train(String)}
   */
  public UnigramTokenizer train(Path... files) {
    WordCounter counter = new WordCounter(specialTokens);
    for (Path file : files) {
      try (Reader reader = Files.newBufferedReader(file)) {
        counter.count(reader);
      } catch (CharacterCodingException e) {
        throw new UncheckedIOException(
            file.toAbsolutePath() + " is not UTF-8 text. Save it as UTF-8 first.", e);
      } catch (IOException e) {
        throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
      }
    }
    return train(counter);
  }

  private UnigramTokenizer train(WordCounter counter) {
    Map<String, Long> characters = characters(counter.counts());
    int size = vocabularySize - specialTokens.size() - BYTES;
    if (characters.isEmpty()) {
      throw new IllegalArgumentException("There is nothing to learn from: the text is empty.");
    }
    if (characters.size() > size) {
      throw new IllegalArgumentException(
          ("The text needs a vocabulary of %d or more (%d special tokens, %d bytes, %d characters);"
                  + " got %d. Make it larger, or the character coverage of %s smaller.")
              .formatted(
                  specialTokens.size() + BYTES + characters.size(),
                  specialTokens.size(),
                  BYTES,
                  characters.size(),
                  vocabularySize,
                  characterCoverage));
    }
    Map<String, Long> words = within(counter.counts(), characters.keySet());
    return UnigramTokenizer.of(
        learn(words, seed(words, characters), size).result(), specialTokens.toArray(String[]::new));
  }

  static UnigramModel learn(Map<String, Long> words, UnigramModel seed, int size) {
    UnigramModel model = estimated(seed, words);
    while (model.size() > size) {
      UnigramModel.Expectation expected = model.expect(words);
      model = estimated(model.pruned(nextSize(model.size(), expected, size), expected), words);
    }
    return model;
  }

  private static UnigramModel estimated(UnigramModel model, Map<String, Long> words) {
    UnigramModel estimated = model;
    for (int step = 0; step < STEPS; step++) {
      estimated = estimated.maximize(estimated.expect(words));
    }
    return estimated;
  }

  private static int nextSize(int now, UnigramModel.Expectation expected, int wanted) {
    long used = Arrays.stream(expected.counts()).filter(count -> count >= LEAST_COUNT).count();
    return (int) Math.max(wanted, Math.min(used, (long) (SHRINKING_FACTOR * now)));
  }

  /** Frequent substrings, weighted as in SentencePiece: by count times length. */
  static UnigramModel seed(Map<String, Long> words, Map<String, Long> characters) {
    List<String> pieces = new ArrayList<>(characters.keySet());
    List<Double> weights =
        characters.values().stream()
            .map(Long::doubleValue)
            .collect(Collectors.toCollection(ArrayList::new));
    for (FrequentSubstrings.Found found :
        FrequentSubstrings.in(words, LONGEST_PIECE, SEED_PIECES)) {
      pieces.add(found.text());
      weights.add((double) found.count() * found.text().length());
    }
    return new UnigramModel(pieces, weights.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** The most frequent characters, until enough of the text is covered. */
  private Map<String, Long> characters(Map<String, Long> words) {
    Map<String, Long> all = new HashMap<>();
    words.forEach(
        (word, count) ->
            word.codePoints()
                .forEach(character -> all.merge(Character.toString(character), count, Long::sum)));
    List<String> mostFrequent = new ArrayList<>(new TreeSet<>(all.keySet()));
    mostFrequent.sort(
        Comparator.comparingLong((String character) -> all.get(character)).reversed());
    long total = all.values().stream().mapToLong(Long::longValue).sum();
    Map<String, Long> covering = new TreeMap<>();
    long covered = 0;
    for (String character : mostFrequent) {
      if (covered >= characterCoverage * total) {
        break;
      }
      covered += all.get(character);
      covering.put(character, all.get(character));
    }
    return covering;
  }

  /** The parts of the words that are made of these characters. */
  static Map<String, Long> within(Map<String, Long> words, Set<String> characters) {
    Map<String, Long> parts = new TreeMap<>();
    words.forEach(
        (word, count) -> {
          StringBuilder part = new StringBuilder();
          for (int at = 0; at < word.length(); ) {
            String character = Character.toString(word.codePointAt(at));
            at += character.length();
            boolean known = characters.contains(character);
            if (known) {
              part.append(character);
            }
            if (part.length() > 0 && (!known || at == word.length())) {
              parts.merge(part.toString(), count, Long::sum);
              part.setLength(0);
            }
          }
        });
    return parts;
  }
}
