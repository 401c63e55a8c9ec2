/**
 * Weights on disk: safetensors files that are whole or absent.
 *
 * <p>Start with {@link grounds.checkpoint.Checkpoint}: it writes a model, its config and whatever a
 * training run adds, and opens it again, either as a new model or into one that is there. {@link
 * grounds.checkpoint.PublishedWeights} reads and writes models as others publish them: GPT-2 and
 * Llama under the names of Hugging Face's transformers. Below both {@link
 * grounds.checkpoint.SafeTensors} reads and writes the file format itself, in all its types ({@link
 * grounds.checkpoint.TensorType}), one or several files. Values flow between a file that is mapped
 * into memory and a model's parameters piece by piece, so a large model needs no second copy of
 * itself. {@link grounds.checkpoint.ModelFamilies} knows which config record makes which model.
 *
 * <p>To make checkpoints of a new family open by themselves, add a line to {@code ModelFamilies};
 * without it, {@code restore} still fills a model that you built. To load published weights of
 * another family, implement {@code PublishedFamily}.
 */
package grounds.checkpoint;
