/**
 * What a cell calls: showing values, watching a run, choosing the size of a lesson.
 *
 * <p>Start with {@link grounds.notebook.Show}: tables, charts, texts side by side, text shaded by
 * weights. {@link grounds.notebook.LiveChart}, {@link grounds.notebook.TrainingProgress} and {@link
 * grounds.notebook.EvaluationLog} listen to a training run and only watch it; {@link
 * grounds.notebook.Progress} counts any other work; {@link grounds.notebook.Size} gives each lesson
 * its three sizes. {@link grounds.notebook.Exercise} checks what a learner wrote; to add one, give
 * its inputs and its solution in the lesson's {@code Tasks}. {@link grounds.notebook.Quiz} asks;
 * its questions are resources.
 *
 * <p>A value becomes an {@link grounds.notebook.Output}, which always has a plain-text form, and
 * goes to the {@link grounds.notebook.Frontend} of the kernel; with no kernel its text goes to
 * standard output, so everything here also works in a plain program or test. HTML takes the page's
 * own colours, carries no script and escapes every text. To show a new kind of value, make it
 * {@link grounds.notebook.Showable} or add a method to {@code Show}. No other package imports this
 * one.
 */
package grounds.notebook;
