/**
 * Models as native code: the decoder family written as a script with forward and backward pass,
 * optimizer, evaluation and generation, each one call into PyTorch.
 *
 * <p>Start with {@link grounds.model.script.DecoderScript}: it asks the model's family for its
 * parts and writes the methods. A part is the twin of a layer of {@link grounds.model.layer}: it
 * writes its forward pass as text, remembers the names it gave, and writes its backward pass from
 * them. {@link grounds.model.script.ScriptOptions} are the dials: precision, checkpointing,
 * kernels. Every part is tested against the readable layer: same results, same gradients.
 *
 * <p>To add a layer, implement {@code ScriptPart}: forward, then the gradients of input and
 * weights. To add a family, implement {@code Family} beside the two that are there. A model without
 * one trains on the readable path.
 */
package grounds.model.script;
