/**
 * Tensors with an owner: where they live, who closes them, and the weights among them.
 *
 * <p>The tensor itself is DJL's {@link ai.djl.ndarray.NDArray}: native memory that no garbage
 * collector sees. Start with {@link grounds.tensor.TensorScope}: open one around every piece of
 * work; what is computed inside is closed with it, and {@code keep} lets one result out. A model's
 * weights are made by {@link grounds.tensor.Parameters}, which names them, initialises them and
 * owns them until it is closed. {@link grounds.tensor.Devices} says where that is (a GPU that was
 * asked for and is not there is an error), {@link grounds.tensor.Seeds} derives every random stream
 * from one number.
 *
 * <p>To add a weight, ask {@code Parameters} for it in a layer's constructor. To add an
 * initialisation, add a method beside {@code normal}.
 */
package grounds.tensor;
