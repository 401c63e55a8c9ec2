/**
 * Charts as values: data goes into a builder, {@code chart()} gives a finished picture.
 *
 * <p>Start with {@link grounds.plot.LineChart}. Every builder reads the same way: {@code
 * of(title)}, the axis labels with their units, the data, {@code chart()}. The result is a {@link
 * grounds.plot.Chart}: pixels at twice the shown size and a description in words and numbers, which
 * a page shows in the picture's place where it cannot show pictures. {@link grounds.plot.BarChart},
 * {@link grounds.plot.Histogram}, {@link grounds.plot.HeatMap} and {@link
 * grounds.plot.GraphPicture} are the other kinds; {@link grounds.plot.Labels} makes spaces and line
 * ends visible in labels.
 *
 * <p>XChart draws the marks of lines and points; the frame around them (title, ticks, grid, legend)
 * is drawn here, because ticks on logarithmic axes, labelled reference lines and a legend that
 * never covers data are beyond XChart. To add a kind of chart: collect data in a builder, lay a
 * {@code Frame}, draw inside its plot rectangle in the colours of {@code Theme}, and describe what
 * you drew. Nothing here knows of models, training or notebooks.
 */
package grounds.plot;
