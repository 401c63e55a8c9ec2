package grounds.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1115394 | 1,115,394",
        "4.174387 | 4.174",
        "0.25 | 0.25",
        "11.02 | 11.02",
        "0 | 0",
        "-1.5 | −1.5",
        "0.00003 | 3×10⁻⁵",
        "1e15 | 10¹⁵",
        "999.96 | 1,000",
        "NaN | not a number",
      })
  void figuresSayNoMoreThanTheyKnow(double value, String written) {
    assertEquals(written, Numbers.figure(value));
  }
}
