/**
 * Text from a model, token by token.
 *
 * <p>Start with {@link grounds.generation.Generator}: a prompt in, its continuation out. At each
 * step the model scores every token after the text so far, {@link
 * grounds.generation.LogitsProcessor}s change the scores ({@code Temperature}, {@code TopK}, {@code
 * TopP}, {@code MinP}, {@code RepetitionPenalty}), a {@link grounds.generation.Sampler} picks a
 * token, and the text grows by it until it has its length or a stop token or string comes. A {@link
 * grounds.generation.Continuation} says how it went. {@link grounds.generation.BeamSearch} looks
 * for the most probable text instead.
 *
 * <p>To add a way of choosing, implement {@code LogitsProcessor} (scores in, scores changed) or
 * {@code Sampler} (scores in, an id out); a lambda will do. Reading itself is the model's: a {@code
 * TextReader} keeps keys and values.
 */
package grounds.generation;
