package grounds.training;

/** Hears what happens in a training run. It can only watch: nothing it does alters the run. */
@FunctionalInterface
public interface TrainingListener {

  /** Called on the training thread, in order; an exception thrown here is reported, not raised. */
  void on(TrainingEvent event);
}
