/** The Java kernel for Jupyter. */
package grounds.kernel;
