/**
 * The Java kernel for Jupyter: runs the cells of one notebook in one JVM. Start with {@link
 * grounds.kernel.Main}, then {@link grounds.kernel.Kernel}, which answers the requests.
 *
 * <p>A cell flows so: {@code Channels} (the sockets) hands the request to {@code Kernel}; {@code
 * JavaSession} cuts the cell into snippets and has JShell compile them; {@code CellExecution} runs
 * them on the cell thread, after {@code StopChecks} has put checks into their byte code that an
 * interrupt turns on; what they print and show goes through {@code OutputQueue}, values through
 * {@code Renderers}, failures through {@code CellErrors}. The library reaches the page through
 * {@link grounds.kernel.Page}, which it finds as the service {@link grounds.notebook.Frontend}. To
 * show one more type of value, add a line to the list in {@code Renderers}.
 *
 * <p>Of the base library only sockets, signatures and request classes are used; its replies lack
 * required fields, an Error in a cell ends its loop, its history request gets no answer, its queue
 * is not emptied after an error, its standard input cannot be interrupted and breaks on characters
 * outside ASCII, and it closes sockets under the threads that read them. What remains of it: a
 * request waits up to 50 ms, a heartbeat up to 500 ms, and a message with a wrong signature or a
 * malformed header ends the loop that reads it; the kernel then exits, and Jupyter starts a new
 * one.
 */
package grounds.kernel;
