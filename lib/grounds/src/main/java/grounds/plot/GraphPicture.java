package grounds.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Path2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Builds a picture of a directed graph without cycles, read from left to right: a computation with
 * the value and the gradient of each node.
 *
 * <p>Each node stands right of all that lead to it, inputs just left of their first use.
 */
public final class GraphPicture {

  /** A box, or (without lines of text) the place where a long arrow passes through a layer. */
  private static final class Node {
    final String name;
    final List<String> lines;
    final List<Node> before = new ArrayList<>();
    final List<Node> after = new ArrayList<>();
    int layer = -1;
    double x;
    double y;

    Node(String name, List<String> lines) {
      this.name = name;
      this.lines = lines;
    }

    boolean isBend() {
      return name.isEmpty();
    }

    double width() {
      if (isBend()) {
        return 0;
      }
      double text = Math.max(Theme.widthOf(name, BOLD), Theme.widthOf(lines, Theme.SMALL));
      return Math.max(44, text + 24);
    }

    double height() {
      return isBend() ? 8 : 28 + LINE * lines.size();
    }
  }

  private record Edge(String from, String to) {}

  private static final Font BOLD = Theme.TEXT.deriveFont(Font.BOLD);
  private static final Color INPUT = new Color(0xE3EEF7);
  private static final double LINE = 17;
  private static final double BETWEEN_LAYERS = 46;
  private static final double BETWEEN_NODES = 18;
  private static final double MARGIN = 16;

  private final String title;
  private final Map<String, List<String>> nodes = new LinkedHashMap<>();
  private final List<Edge> edges = new ArrayList<>();

  private GraphPicture(String title) {
    this.title = title;
  }

  /** Starts a picture; the title says what it shows. */
  public static GraphPicture of(String title) {
    return new GraphPicture(title);
  }

  /**
   * Adds a node.
   *
   * @param name what it is called, in bold, and in {@link #edge}
   * @param lines further lines of text: "value 2.00", "gradient -0.50"
   */
  public GraphPicture node(String name, String... lines) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("A node needs a name, but got a blank one");
    }
    if (nodes.putIfAbsent(name, List.of(lines)) != null) {
      throw new IllegalArgumentException(
          "There already is a node \"" + name + "\"; give each its own name");
    }
    return this;
  }

  /** Adds an arrow between two nodes that have been added. */
  public GraphPicture edge(String from, String to) {
    for (String name : List.of(from, to)) {
      if (!nodes.containsKey(name)) {
        throw new IllegalArgumentException(
            "There is no node \""
                + name
                + "\" for the arrow from \""
                + from
                + "\" to \""
                + to
                + "\"; add it first. There are: "
                + String.join(", ", nodes.keySet()));
      }
    }
    edges.add(new Edge(from, to));
    return this;
  }

  /**
   * Draws the picture.
   *
   * @throws IllegalStateException if there is no node
   * @throws IllegalArgumentException if the arrows run in a circle
   */
  public Chart chart() {
    if (nodes.isEmpty()) {
      throw new IllegalStateException(
          "Graph \"" + title + "\" has no node; call node(...) before chart()");
    }
    Map<String, Node> placed = new LinkedHashMap<>();
    nodes.forEach((name, lines) -> placed.put(name, new Node(name, lines)));
    for (Edge edge : edges) {
      placed.get(edge.from()).after.add(placed.get(edge.to()));
      placed.get(edge.to()).before.add(placed.get(edge.from()));
    }
    List<List<Node>> layers = layers(List.copyOf(placed.values()));
    sort(layers);
    arrange(layers);

    double right =
        layers.get(layers.size() - 1).stream()
            .mapToDouble(n -> n.x + n.width())
            .max()
            .orElseThrow();
    int width = (int) Math.ceil(Math.max(right + MARGIN, 320));
    List<String> titleLines = Frame.titleLines(title, width);
    double top = Frame.titleHeight(titleLines) + 12;
    List<Node> all = layers.stream().flatMap(List::stream).toList();
    double highest = all.stream().mapToDouble(n -> n.y - n.height() / 2).min().orElseThrow();
    double lowest = all.stream().mapToDouble(n -> n.y + n.height() / 2).max().orElseThrow();
    all.forEach(n -> n.y += top - highest);
    int height = (int) Math.ceil(top + lowest - highest + MARGIN);
    return Theme.draw(
        width,
        height,
        describe(),
        g -> {
          Frame.drawTitle(g, titleLines);
          all.stream()
              .filter(n -> !n.isBend())
              .forEach(n -> n.after.forEach(to -> arrow(g, n, to)));
          all.stream().filter(n -> !n.isBend()).forEach(n -> box(g, n));
        });
  }

  /** Puts every node into a layer and breaks arrows that pass over layers into short ones. */
  private List<List<Node>> layers(List<Node> all) {
    for (int round = 0; all.stream().anyMatch(n -> n.layer < 0); round++) {
      if (round > all.size()) {
        throw new IllegalArgumentException(
            "The arrows of graph \""
                + title
                + "\" run in a circle through "
                + String.join(", ", all.stream().filter(n -> n.layer < 0).map(n -> n.name).toList())
                + "; a computation has no way back");
      }
      for (Node node : all) {
        if (node.layer < 0 && node.before.stream().allMatch(b -> b.layer >= 0)) {
          node.layer = 1 + node.before.stream().mapToInt(b -> b.layer).max().orElse(-1);
        }
      }
    }
    for (Node node : all) {
      if (node.before.isEmpty() && !node.after.isEmpty()) {
        node.layer = node.after.stream().mapToInt(a -> a.layer).min().orElseThrow() - 1;
      }
    }
    int count = 1 + all.stream().mapToInt(n -> n.layer).max().orElseThrow();
    List<List<Node>> layers = new ArrayList<>();
    IntStream.range(0, count).forEach(i -> layers.add(new ArrayList<>()));
    all.forEach(n -> layers.get(n.layer).add(n));
    for (Node node : all) {
      for (Node target : List.copyOf(node.after)) {
        Node from = node;
        for (int layer = node.layer + 1; layer < target.layer; layer++) {
          Node bend = new Node("", List.of());
          bend.layer = layer;
          layers.get(layer).add(bend);
          from.after.set(from.after.indexOf(target), bend);
          bend.before.add(from);
          bend.after.add(target);
          target.before.set(target.before.indexOf(from), bend);
          from = bend;
        }
      }
    }
    return layers;
  }

  /** Orders each layer by the middle of its neighbours' places, so that few arrows cross. */
  private static void sort(List<List<Node>> layers) {
    for (int sweep = 0; sweep < 6; sweep++) {
      boolean backwards = sweep % 2 == 0;
      for (int i = 1; i < layers.size(); i++) {
        int l = backwards ? layers.size() - 1 - i : i;
        List<Node> beside = layers.get(backwards ? l + 1 : l - 1);
        List<Node> layer = layers.get(l);
        Map<Node, Double> middle = new LinkedHashMap<>();
        for (Node node : layer) {
          List<Node> near = backwards ? node.after : node.before;
          double own = (layer.indexOf(node) + 0.5) / layer.size() * beside.size() - 0.5;
          middle.put(node, near.stream().mapToInt(beside::indexOf).average().orElse(own));
        }
        layer.sort(Comparator.comparingDouble(middle::get));
      }
    }
  }

  /** Sets the places: layers from left to right, nodes level with what they are joined to. */
  private static void arrange(List<List<Node>> layers) {
    double x = MARGIN;
    for (List<Node> layer : layers) {
      double widest = layer.stream().mapToDouble(Node::width).max().orElse(0);
      for (Node node : layer) {
        node.x = x + (widest - node.width()) / 2;
      }
      x += widest + BETWEEN_LAYERS;
      spread(layer, new double[layer.size()]);
    }
    for (int sweep = 0; sweep < 12; sweep++) {
      boolean backwards = sweep % 2 == 0;
      for (int i = 0; i < layers.size(); i++) {
        List<Node> layer = layers.get(backwards ? layers.size() - 1 - i : i);
        spread(
            layer,
            layer.stream()
                .mapToDouble(
                    n ->
                        (backwards ? n.after : n.before)
                            .stream().mapToDouble(near -> near.y).average().orElse(n.y))
                .toArray());
      }
    }
  }

  /** Places nodes near the wanted heights, in their order, without overlap. */
  private static void spread(List<Node> layer, double[] wanted) {
    double shift = 0;
    for (int i = 0; i < layer.size(); i++) {
      Node node = layer.get(i);
      node.y = wanted[i];
      if (i > 0) {
        Node above = layer.get(i - 1);
        double free = above.y + above.height() / 2 + BETWEEN_NODES + node.height() / 2;
        node.y = Math.max(node.y, free);
      }
      shift += (wanted[i] - node.y) / layer.size();
    }
    for (Node node : layer) {
      node.y += shift;
    }
  }

  private static void box(Graphics2D g, Node node) {
    RoundRectangle2D shape =
        new RoundRectangle2D.Double(
            node.x, node.y - node.height() / 2, node.width(), node.height(), 10, 10);
    g.setColor(node.before.isEmpty() ? INPUT : Theme.GROUND);
    g.fill(shape);
    g.setColor(node.before.isEmpty() ? Theme.color(0) : Theme.MUTED);
    g.setStroke(Theme.line(1.3));
    g.draw(shape);
    double middle = node.x + node.width() / 2;
    double y = node.y - node.height() / 2 + 9;
    Theme.text(g, node.name, BOLD, Theme.INK, middle, y, 0.5, 0);
    for (String line : node.lines) {
      y += LINE;
      Theme.text(g, line, Theme.SMALL, Theme.INK, middle, y, 0.5, 0);
    }
  }

  private static void arrow(Graphics2D g, Node from, Node first) {
    Path2D path = new Path2D.Double();
    double x = from.x + from.width();
    double y = from.y;
    path.moveTo(x, y);
    Node to = first;
    while (true) {
      double endX = to.x - (to.isBend() ? 0 : 7);
      double middle = (x + endX) / 2;
      path.curveTo(middle, y, middle, to.y, endX, to.y);
      x = endX;
      y = to.y;
      if (!to.isBend()) {
        break;
      }
      to = to.after.get(0);
    }
    g.setColor(Theme.MUTED);
    g.setStroke(Theme.line(1.4));
    g.draw(path);
    Path2D head = new Path2D.Double();
    head.moveTo(x + 7, y);
    head.lineTo(x - 2, y - 4.5);
    head.lineTo(x - 2, y + 4.5);
    head.closePath();
    g.fill(head);
  }

  private String describe() {
    StringBuilder text = new StringBuilder(title).append('.');
    nodes.forEach(
        (name, lines) -> {
          text.append(' ').append(name);
          List<String> to =
              edges.stream().filter(e -> e.from().equals(name)).map(Edge::to).toList();
          text.append(lines.isEmpty() ? "" : " (" + String.join(", ", lines) + ")");
          text.append(to.isEmpty() ? "" : " leads to " + String.join(" and ", to)).append('.');
        });
    return text.toString();
  }
}
