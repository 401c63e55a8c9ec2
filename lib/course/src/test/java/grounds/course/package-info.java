/**
 * The course as its readers meet it: the lessons in a real JupyterLab in a real browser, {@code
 * notebooks/lab}, the container's file. Only tests live here; they start what the other modules
 * have built.
 */
package grounds.course;
