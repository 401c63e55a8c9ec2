package grounds.model.script;

/**
 * A layer as text: it writes its forward pass, and later, remembering the names it gave, its
 * backward pass. Writing forward again renames what is remembered, which is all that gradient
 * checkpointing needs.
 */
interface ScriptPart {

  /**
   * Writes y = layer(x).
   *
   * @param x a variable [rows, channels]
   * @return the variable that holds the result
   */
  String forward(Pass pass, String x);

  /**
   * Writes the gradients of the last forward pass: those of its weights go where the pass says.
   *
   * @param dy the gradient of the result
   * @return the gradient of the input
   */
  String backward(Pass pass, String dy);
}
