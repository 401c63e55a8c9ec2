package grounds.cluster;

import grounds.scaling.RunStore;
import grounds.tokenizer.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;

/** The runs of a store as a Parquet file, for pandas, DuckDB, Spark and their like. */
public final class RunTable {

  private RunTable() {}

  /**
   * Writes {@link RunStore#table} as one Parquet file.
   *
   * @throws IllegalArgumentException if the name does not end in {@code .parquet}
   * @throws UncheckedIOException with the path, if it cannot be written
   */
  public static void writeParquet(RunStore store, Path file) {
    if (!file.toString().endsWith(".parquet")) {
      throw new IllegalArgumentException(
          "Wanted a table that ends in .csv or .parquet, got " + file + ".");
    }
    Table table = store.table();
    List<StructField> fields = new ArrayList<>();
    for (Column<?> column : table.columns()) {
      fields.add(DataTypes.createStructField(column.name(), type(column.type()), true));
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < table.rowCount(); i++) {
      Object[] cells = new Object[table.columnCount()];
      for (int j = 0; j < cells.length; j++) {
        cells[j] = table.column(j).isMissing(i) ? null : table.column(j).get(i);
      }
      rows.add(RowFactory.create(cells));
    }
    write(rows, DataTypes.createStructType(fields), file);
  }

  private static DataType type(ColumnType type) {
    if (type == ColumnType.DOUBLE) {
      return DataTypes.DoubleType;
    }
    if (type == ColumnType.INTEGER) {
      return DataTypes.IntegerType;
    }
    return type == ColumnType.LONG ? DataTypes.LongType : DataTypes.StringType;
  }

  private static void write(List<Row> rows, StructType schema, Path file) {
    try {
      Path folder = Files.createTempDirectory("runs");
      try (SparkSession spark =
          SparkSession.builder()
              .master("local[1]")
              .config("spark.ui.enabled", "false")
              .config("spark.driver.host", "localhost")
              .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
              .getOrCreate()) {
        Path parts = folder.resolve("parts");
        spark.createDataFrame(rows, schema).coalesce(1).write().parquet(parts.toString());
        try (Stream<Path> files = Files.list(parts)) {
          Path part =
              files.filter(p -> p.toString().endsWith(".parquet")).findFirst().orElseThrow();
          WholeFile.write(file, out -> Files.copy(part, out));
        }
      } finally {
        deleteAll(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not write " + file.toAbsolutePath() + ".", e);
    }
  }

  private static void deleteAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
