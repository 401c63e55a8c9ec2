package grounds.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.GradientCollector;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import grounds.Reference;
import grounds.tensor.Devices;
import grounds.tensor.Parameter;
import grounds.tensor.Parameters;
import grounds.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class AdamWTest {

  /**
   * A decaying matrix and a vector that does not, clipped in two steps of three, with a schedule:
   * the same path as torch.optim.AdamW. The gradient of step s is curvature w - pull + noise[s mod
   * 8].
   */
  @Test
  void thousandStepsEqualPyTorchs() {
    try (Reference reference = Reference.open("adamw");
        Parameters parameters = new Parameters(1);
        TensorScope scope = TensorScope.open(parameters.manager())) {
      parameters.zeros("matrix", 3, 4);
      parameters.zeros("vector", 5);
      parameters.stream()
          .forEach(p -> reference.tensor(scope.manager(), "start." + p.name()).copyTo(p.array()));
      JsonObject json = reference.json();
      AdamW.Config config = new Gson().fromJson(json, AdamW.Config.class);
      LearningRateSchedule schedule =
          new Gson().fromJson(json.get("schedule"), LearningRateSchedule.WarmupCosine.class);
      JsonObject tolerances = json.getAsJsonObject("tolerance");
      double limit = json.get("maxGradientNorm").getAsDouble();
      int clipped = 0;
      int compared = 0;
      try (AdamW optimizer = new AdamW(parameters, config)) {
        for (int step = 0; step < 1000; step++) {
          optimizer.zeroGradients();
          backward(reference, parameters, step);
          double norm = optimizer.gradientNorm();
          clipped += norm > limit ? 1 : 0;
          optimizer.step(schedule.at(step), norm > limit ? limit / norm : 1);
          String done = Integer.toString(step + 1);
          if (tolerances.has(done)) {
            float tolerance = tolerances.get(done).getAsFloat();
            parameters.stream()
                .forEach(
                    p ->
                        reference.assertClose(
                            "after." + done + "." + p.name(), p.array(), tolerance));
            compared++;
          }
        }
      }
      assertEquals(5, compared, "steps compared");
      assertEquals(json.get("stepsClipped").getAsInt(), clipped, 1, "steps clipped");
    }
  }

  /** The gradient of the sum of w times a constant is the constant. */
  private static void backward(Reference reference, Parameters parameters, int step) {
    try (TensorScope scope = TensorScope.open(parameters.manager())) {
      for (Parameter p : (Iterable<Parameter>) parameters.stream()::iterator) {
        NDArray w = scope.manager().create(p.values(), p.array().getShape());
        NDArray gradient =
            w.mul(reference.tensor(scope.manager(), "curvature." + p.name()))
                .sub(reference.tensor(scope.manager(), "pull." + p.name()))
                .add(
                    reference
                        .tensor(scope.manager(), "noise." + p.name())
                        .get(new NDIndex(step % 8)));
        try (GradientCollector collector = Devices.engine().newGradientCollector()) {
          collector.backward(p.array().mul(gradient).sum());
        }
      }
    }
  }
}
