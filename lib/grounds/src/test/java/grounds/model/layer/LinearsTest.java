package grounds.model.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layer gives the linear layers in it, so that each can be adapted. */
class LinearsTest {

  static Stream<Named<Function<Parameters, Layer>>> layers() {
    return Stream.of(
        Named.of("Linear", in -> new Linear(in, 4, 6, true, 0.1)),
        Named.of("FeedForward", in -> new FeedForward(in, 4, true, 0.1, 0.1)),
        Named.of("GatedFeedForward", in -> new GatedFeedForward(in, 4, 6, 0.1, 0.1)),
        Named.of("CausalMean", in -> new CausalMean(in, 8, 4, true, 0.1, 0.1)),
        Named.of("CausalSelfAttention", LinearsTest::selfAttention),
        Named.of(
            "GroupedQueryAttention",
            in -> new GroupedQueryAttention(in, 8, 8, 4, 2, 10_000, 0.1, 0.1)),
        Named.of("TransformerBlock", LinearsTest::block));
  }

  private static Layer selfAttention(Parameters in) {
    return new CausalSelfAttention(in, 8, 4, 2, true, 0.1, 0.1);
  }

  /** A block whose norms have matrices too. */
  private static Layer block(Parameters in) {
    return new TransformerBlock(
        new Linear(in.in("attentionNorm"), 4, 4, false, 0.1),
        selfAttention(in.in("attention")),
        new Linear(in.in("feedForwardNorm"), 4, 4, false, 0.1),
        new FeedForward(in.in("feedForward"), 4, true, 0.1, 0.1),
        new Dropout(0));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void areThoseOfEveryMatrixInTheOrderOfTheirMaking(Function<Parameters, Layer> create) {
    try (Parameters parameters = new Parameters(1)) {
      Layer layer = create.apply(parameters.in("layer"));
      assertEquals(
          parameters.stream().filter(Parameter::isMatrix).map(Parameter::name).toList(),
          layer.linears().map(linear -> linear.name() + ".weight").toList());
    }
  }

  @Test
  void areNoneWhereAnotherLayerOwnsTheWeight() {
    try (Parameters parameters = new Parameters(1)) {
      Embedding table = new Embedding(parameters, 6, 4, 0.1);
      assertEquals(0, table.linears().count());
      assertEquals(0, new Linear(table.weight()).linears().count());
    }
  }
}
