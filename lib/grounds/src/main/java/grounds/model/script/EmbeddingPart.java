package grounds.model.script;

import java.util.Optional;

/** The token table and, where positions are learned, their table: from ids to vectors. */
final class EmbeddingPart {

  private final String tokens;
  private final Optional<String> positions;
  private final int vocabularySize;
  private final int channels;

  EmbeddingPart(String tokens, Optional<String> positions, int vocabularySize, int channels) {
    this.tokens = tokens;
    this.positions = positions;
    this.vocabularySize = vocabularySize;
    this.channels = channels;
  }

  /** Writes the vectors of {@code ids}, [rows, channels]. */
  String forward(Pass pass) {
    String embedded = pass.let("embedded", "torch.embedding(" + pass.weight(tokens) + ", ids)");
    if (positions.isPresent()) {
      String first = pass.kind() == Pass.Kind.GENERATION ? "at" : "0";
      pass.line(
          "_ = torch.add_(%s, torch.narrow(%s, 0, %s, time))"
              .formatted(embedded, pass.weight(positions.get()), first));
    }
    return pass.let("stream", "torch.view(" + embedded + ", [-1, " + channels + "])");
  }

  /**
   * Writes the gradients of the tables.
   *
   * @param tied whether the head has begun the token table's gradient already
   */
  void backward(Pass pass, String dy, boolean tied) {
    String dx = pass.let("dx", "torch.view(" + dy + ", [batch, time, " + channels + "])");
    positions
        .flatMap(pass::gradient)
        .ifPresent(
            g -> {
              // A text may be shorter than the context: the rest has no gradient.
              pass.method().nested("if add == 0:", () -> pass.line("_ = torch.zero_(" + g + ")"));
              pass.line(
                  "_ = torch.add_(torch.narrow(%s, 0, 0, time), torch.sum(%s, [0]))"
                      .formatted(g, dx));
            });
    pass.gradient(tokens)
        .ifPresent(
            g -> {
              String value =
                  "torch.embedding_dense_backward(%s, ids, %d, -1, False)"
                      .formatted(dx, vocabularySize);
              pass.line("self.put(" + g + ", " + value + ", " + (tied ? "1" : "add") + ")");
            });
  }
}
