package grounds.notebook;

/**
 * What came of checking an answer.
 *
 * @param text for the learner
 */
record Verdict(Kind kind, String text) {

  enum Kind {
    RIGHT,
    WRONG,
    NOT_ATTEMPTED
  }

  static Verdict right() {
    return new Verdict(Kind.RIGHT, "right.");
  }

  boolean isRight() {
    return kind == Kind.RIGHT;
  }
}
