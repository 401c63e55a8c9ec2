package grounds.scaling;

import grounds.model.DecoderConfig;

/** How many values a model trains, counted from its config without making any. */
public final class ParameterCount {

  private static final String UNIT = "parameters";

  private ParameterCount() {}

  /**
   * All parameters. The parts {@code tables} and {@code head} are the embeddings; a tied head is
   * the token table and counts once.
   *
   * @throws IllegalArgumentException if the family is not a Gpt or a Llama
   */
  public static Term of(DecoderConfig config) {
    Anatomy a = Anatomy.of(config);
    long c = a.channels();
    Term tokens = Term.of("token table", a.vocabulary() * c, UNIT, "V C");
    Term tables =
        a.positionTable()
            ? Term.sum("tables", tokens, Term.of("position table", a.context() * c, UNIT, "T C"))
            : Term.sum("tables", tokens);
    Term norm = Term.of("norm", a.bias() ? 2 * c : c, UNIT, a.bias() ? "2 C" : "C");
    long inputs = c + 2 * a.keyValueChannels();
    String hidden = a.hidden() == 4 * c ? "4 C" : "F";
    Term block =
        Term.sum(
            "block",
            norm.times(1, "attention norm"),
            Term.sum(
                "attention",
                linear(
                    "query, key, value",
                    c,
                    inputs,
                    a.bias(),
                    inputs == 3 * c ? "3 C²" : "C (C + 2 K)"),
                linear("output", c, c, a.bias(), "C²")),
            norm.times(1, "feed-forward norm"),
            Term.sum(
                "feed-forward",
                a.gated()
                    ? Term.sum(
                        "into the hidden width",
                        linear("expand", c, a.hidden(), false, "C " + hidden),
                        linear("gate", c, a.hidden(), false, "C " + hidden))
                    : linear("expand", c, a.hidden(), a.bias(), "C " + hidden),
                linear("contract", a.hidden(), c, a.bias(), hidden + " C")));
    Term blocks = block.times(a.layers(), "blocks");
    Term last = norm.times(1, "last norm");
    Term head =
        Term.of(
            "head",
            a.tiedHead() ? 0 : a.vocabulary() * c,
            UNIT,
            a.tiedHead() ? "the token table" : "V C");
    return Term.sum("parameters", tables, blocks, last, head);
  }

  private static Term linear(String name, long inputs, long outputs, boolean bias, String how) {
    return Term.of(
        name, inputs * outputs + (bias ? outputs : 0), UNIT, bias ? how + " + bias" : how);
  }

  /**
   * All but the tables of tokens and positions and the head: what Kaplan et al. (2020) call N. Work
   * grows with it, for looking up a row costs nothing.
   */
  public static double withoutEmbeddings(DecoderConfig config) {
    Term all = of(config);
    return all.value() - all.find("tables").value() - all.find("head").value();
  }
}
