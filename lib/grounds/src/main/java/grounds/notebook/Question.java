package grounds.notebook;

import java.util.List;

/**
 * A question with choices, of which one is right.
 *
 * @param question plain text
 * @param choices plain texts; the first is called a, the second b, and so on
 * @param right the letter of the right one
 * @param why shown to whoever chose the right one
 */
record Question(String question, List<String> choices, String right, String why) {

  static char letter(int choice) {
    return (char) ('a' + choice);
  }

  boolean has(char letter) {
    return letter >= 'a' && letter < letter(choices.size());
  }

  boolean isRight(char letter) {
    return right.equals(String.valueOf(letter));
  }
}
