/**
 * Text to token ids and back.
 *
 * <p>Start with {@link grounds.tokenizer.Tokenizer}, the interface that models, generation and
 * evaluation speak to, and {@link grounds.tokenizer.CharTokenizer}, the simplest one: every
 * character of the corpus is a token. {@code CharTokenizer.of(corpus.text())} collects the
 * vocabulary, {@code encode} turns text into ids for the token batches, {@code decode} turns
 * generated ids into text.
 *
 * <p>Models read a {@link grounds.tokenizer.TokenSequence}: ids in memory, or a {@link
 * grounds.tokenizer.TokenFile}, which keeps a long text tokenized once and is read by windows. It
 * knows the vocabulary it was written with, and refuses any other.
 *
 * <p>To add a tokenizer, implement {@code Tokenizer}, in the library or in a notebook cell, and let
 * its test extend {@code TokenizerContract}, which lists what every tokenizer promises.
 */
package grounds.tokenizer;
