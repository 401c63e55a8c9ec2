package grounds.finetune;

import grounds.model.LanguageModel;
import grounds.tensor.Parameters;

/** Room for new weights beside those of a model, which are frozen. */
final class Beside {

  private Beside() {}

  /**
   * Freezes a model and gives a name space for what is trained in its place.
   *
   * @throws IllegalStateException if there are weights of that name already; nothing is then frozen
   */
  static Parameters frozen(LanguageModel model, String name) {
    Parameters parameters = model.parameters();
    if (parameters.byName().keySet().stream().anyMatch(other -> other.startsWith(name + "."))) {
      throw new IllegalStateException(
          "Wanted a model without weights called '"
              + name
              + "', this one has some: it was extended before. Make a new model from its weights.");
    }
    parameters.freeze();
    return parameters.in(name);
  }
}
