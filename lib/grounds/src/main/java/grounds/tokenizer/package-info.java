/**
 * Text to token ids and back, vocabularies learned from text, and texts stored as ids.
 *
 * <p>Start with {@link grounds.tokenizer.Tokenizer}, the interface that models, generation and
 * evaluation speak to. Four kinds: {@link grounds.tokenizer.CharTokenizer}, where every character
 * of the corpus is a token; {@link grounds.tokenizer.BpeTokenizer}, byte-pair encoding on bytes,
 * whose {@code gpt2()} and {@code cl100k()} are the published vocabularies; {@link
 * grounds.tokenizer.WordPieceTokenizer}, BERT's; {@link grounds.tokenizer.UnigramTokenizer},
 * SentencePiece's. The last three have trainers: {@code new BpeTrainer(5_000).train(text)}.
 *
 * <p>A byte-pair tokenizer takes a text as UTF-8, cuts it with a {@link
 * grounds.tokenizer.PreTokenizer}, and gives each piece to its encoder, which looks it up or merges
 * it. Training counts the same pieces ({@link grounds.tokenizer.PieceCounts}) and learns the merges
 * from the counts.
 *
 * <p>{@link grounds.tokenizer.TokenSequence} is a text as ids, read by windows: an array ({@code
 * TokenSequence.of}), or a memory-mapped {@link grounds.tokenizer.TokenFile}, for texts too large
 * to encode anew for each run or to hold in memory. {@link grounds.tokenizer.StreamingDecoder}
 * turns ids into text as they come.
 *
 * <p>To add a tokenizer, implement {@code Tokenizer}, in the library or in a notebook cell, and let
 * its test extend {@code TokenizerContract}, which lists what every tokenizer promises.
 */
package grounds.tokenizer;
