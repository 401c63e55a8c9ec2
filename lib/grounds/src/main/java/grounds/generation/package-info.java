/**
 * Text from a model, token by token.
 *
 * <p>Start with {@link grounds.generation.Generator}: a prompt in, its continuation out. At each
 * step the model scores every token after the text so far, a {@link grounds.generation.Sampler}
 * picks one, and the text grows by it.
 *
 * <p>To add a way of choosing, implement {@code Sampler}: scores in, an id out; a lambda will do.
 */
package grounds.generation;
