/**
 * Weights on disk: safetensors files that are whole or absent.
 *
 * <p>Start with {@link grounds.checkpoint.Checkpoint}: it writes a model, its config and whatever a
 * training run adds, and opens it again, either as a new model or into one that is there. Below it
 * {@link grounds.checkpoint.SafeTensors} reads and writes the file format itself. Values flow from
 * a model's parameters through one tensor's bytes at a time, so a large model needs no second copy
 * of itself. {@link grounds.checkpoint.ModelFamilies} knows which config record makes which model.
 *
 * <p>To make checkpoints of a new family open by themselves, add a line to {@code ModelFamilies};
 * without it, {@code restore} still fills a model that you built.
 */
package grounds.checkpoint;
