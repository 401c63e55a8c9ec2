package grounds.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import grounds.Reference;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {

  @Test
  void warmupAndCosineEqualThePublishedFormula() {
    for (JsonElement element : Reference.json("schedule").getAsJsonArray("cases")) {
      JsonObject json = element.getAsJsonObject();
      LearningRateSchedule schedule =
          new Gson().fromJson(json, LearningRateSchedule.WarmupCosine.class);
      int[] steps = new Gson().fromJson(json.get("at"), int[].class);
      double[] rates = new Gson().fromJson(json.get("rates"), double[].class);
      for (int i = 0; i < steps.length; i++) {
        // Both sides compute in double precision: only the order of operations differs.
        assertEquals(rates[i], schedule.at(steps[i]), 1e-15, schedule + " at " + steps[i]);
      }
    }
  }

  @Test
  void refusesRatesAndStepsThatCannotBe() {
    assertThrows(
        IllegalArgumentException.class, () -> LearningRateSchedule.warmupCosine(-1, 0, 10));
    assertThrows(
        IllegalArgumentException.class, () -> LearningRateSchedule.warmupCosine(1e-3, 11, 10));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LearningRateSchedule.WarmupCosine(1e-3, 1e-2, 0, 10));
    assertThrows(IllegalArgumentException.class, () -> LearningRateSchedule.constant(Double.NaN));
  }
}
