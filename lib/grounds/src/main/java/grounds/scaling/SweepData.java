package grounds.scaling;

import grounds.corpus.Corpus;
import grounds.corpus.Split;
import grounds.tokenizer.CharTokenizer;
import grounds.tokenizer.TokenSequence;
import java.util.Objects;

/**
 * The text of a sweep as ids.
 *
 * @param name what rows call it
 * @param training what is learnt from
 * @param validation what measures
 * @param vocabularySize how many different ids there may be
 * @param hash of all ids
 */
public record SweepData(
    String name,
    TokenSequence training,
    TokenSequence validation,
    int vocabularySize,
    String hash) {

  public SweepData {
    Objects.requireNonNull(name, "name");
    training.requireVocabulary("training", vocabularySize);
    validation.requireVocabulary("validation", vocabularySize);
  }

  /** Ids of any tokenizer. */
  public static SweepData of(
      String name, TokenSequence training, TokenSequence validation, int vocabularySize) {
    return new SweepData(
        name, training, validation, vocabularySize, TokenSequence.hash(training, validation));
  }

  /** The characters of a text, nine tenths to learn from. */
  public static SweepData characters(Corpus corpus) {
    CharTokenizer tokenizer = CharTokenizer.of(corpus.text());
    Split split = corpus.split(0.9);
    return of(
        corpus.name(),
        TokenSequence.of(tokenizer.encode(split.training())),
        TokenSequence.of(tokenizer.encode(split.validation())),
        tokenizer.vocabularySize());
  }
}
