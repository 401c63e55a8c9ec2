/**
 * The parts that models are built from, each a {@link grounds.model.layer.Layer}: a tensor in, a
 * tensor out.
 *
 * <p>Start with {@link grounds.model.layer.TransformerBlock} and follow its four parts down to
 * {@link grounds.model.layer.Linear}. A layer asks {@link grounds.tensor.Parameters} for its
 * weights when it is made; shapes are [batch, time, channels] unless a comment says otherwise. Each
 * of the four comes in two forms, GPT-2's and Llama's: the norm as {@link
 * grounds.model.layer.LayerNorm} or {@link grounds.model.layer.RmsNorm}, attention as {@link
 * grounds.model.layer.CausalSelfAttention} or {@link grounds.model.layer.GroupedQueryAttention},
 * the network as {@link grounds.model.layer.FeedForward} or {@link
 * grounds.model.layer.GatedFeedForward}. Everything is written in NDArray operations that both
 * PyTorch and MXNet have: this is the readable path, and the reference for any faster one.
 *
 * <p>Order comes in by one of three layers: {@link grounds.model.layer.Positions} (learned) and
 * {@link grounds.model.layer.SinusoidalPositions} (waves) are added to the tokens' vectors; {@link
 * grounds.model.layer.RotaryPositions} turns queries and keys.
 *
 * <p>A trained model is adapted through {@link grounds.model.layer.LowRank}: every layer names the
 * linear layers in it, and each of those can carry an adapter.
 *
 * <p>To add a layer, implement the interface, take weights from the name space you are given, and
 * give your linear layers in {@code linears()}. Never multiply, divide or raise by a Java number
 * what needs a gradient: DJL frees the number's buffer while autograd still reads it. Use a
 * constant from {@code Parameters.constant}.
 */
package grounds.model.layer;
