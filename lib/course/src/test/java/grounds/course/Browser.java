package grounds.course;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.ExpectedConditions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** JupyterLab (3 or 4) in a headless Chromium, used as a learner does: by menus, buttons, keys. */
final class Browser implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String NOTEBOOK =
      ".jp-NotebookPanel:not(.lm-mod-hidden):not(.p-mod-hidden) ";

  /** Kept here, for the settings of a logger that nobody holds are lost. */
  private static final Logger LOG = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** What is missing for a browser test, if anything is. */
  static Optional<String> missing() {
    if (chromium().isEmpty()) {
      return Optional.of("there is no Chromium on the PATH");
    }
    return program("chromedriver").isEmpty()
        ? Optional.of("there is no chromedriver on the PATH (Debian: chromium-driver)")
        : Optional.empty();
  }

  static Browser open() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium().orElseThrow());
    options.addArguments(
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,2000");
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(program("chromedriver").orElseThrow())
            .usingAnyFreePort()
            .build();
    // It would say that it does not know this very version of Chromium in every detail.
    LOG.setLevel(Level.SEVERE);
    ChromeDriver driver = new ChromeDriver(service, options);
    driver.manage().timeouts().scriptTimeout(Duration.ofMinutes(3));
    return new Browser(driver);
  }

  static Optional<File> chromium() {
    return program("chromium", "chromium-browser", "google-chrome");
  }

  private static Optional<File> program(String... names) {
    return Arrays.stream(names)
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .map(Path::toFile)
        .findFirst();
  }

  /** Opens a notebook. */
  void go(String address) {
    driver.get(address);
    awaitCells();
  }

  void reload() {
    driver.navigate().refresh();
    awaitCells();
  }

  private void awaitCells() {
    await(d -> !d.findElements(By.cssSelector(NOTEBOOK + ".jp-CodeCell")).isEmpty());
  }

  /** Chooses an entry of the menu bar's menus. */
  void choose(String menu, String entry) {
    click(By.xpath("//*[contains(@class,'-MenuBar-itemLabel')][normalize-space()='" + menu + "']"));
    // Some entries are named after what is open, and some end in an ellipsis.
    click(
        By.xpath(
            "//*[contains(@class,'-Menu-itemLabel')][starts-with(normalize-space(),'"
                + entry
                + "')]"));
  }

  void save() {
    new Actions(driver).keyDown(Keys.CONTROL).sendKeys("s").keyUp(Keys.CONTROL).perform();
  }

  /** Runs one cell, by clicking it and Shift and Enter. */
  void run(int codeCell) {
    cell(codeCell).findElement(By.cssSelector(".jp-InputArea-editor")).click();
    new Actions(driver).keyDown(Keys.SHIFT).sendKeys(Keys.ENTER).keyUp(Keys.SHIFT).perform();
  }

  /** The square button. */
  void interrupt() {
    click(
        By.cssSelector(
            NOTEBOOK
                + "[data-command='notebook:interrupt-kernel'], "
                + NOTEBOOK
                + "button[title^='Interrupt']"));
  }

  /** Agrees with what a dialog asks. */
  void accept() {
    click(By.cssSelector(".jp-Dialog .jp-mod-accept"));
  }

  /** Waits until a cell's output has this in it. */
  void awaitOutput(int codeCell, String text) {
    try {
      await(d -> output(codeCell).contains(text));
    } catch (RuntimeException e) {
      throw new AssertionError("wanted \"%s\", got: %s".formatted(text, output(codeCell)), e);
    }
  }

  String output(int codeCell) {
    return cell(codeCell).findElement(By.cssSelector(".jp-Cell-outputArea")).getText();
  }

  private WebElement cell(int codeCell) {
    return driver.findElements(By.cssSelector(NOTEBOOK + ".jp-CodeCell")).get(codeCell);
  }

  private void click(By what) {
    await(ExpectedConditions.elementToBeClickable(what)).click();
  }

  private <T> T await(Function<WebDriver, T> condition) {
    return new WebDriverWait(driver, PATIENCE, Duration.ofMillis(100))
        .ignoring(StaleElementReferenceException.class)
        .ignoring(IndexOutOfBoundsException.class)
        .until(condition);
  }

  /**
   * Scrolls from top to bottom, since JupyterLab draws only what is in sight.
   *
   * @return {@code charts}: how many different pictures could be seen, {@code broken}: how many
   *     could not
   */
  @SuppressWarnings("unchecked")
  Map<String, Long> look() {
    return (Map<String, Long>)
        driver.executeAsyncScript(
            """
            const [selector, done] = arguments;
            const panel = document.querySelector(selector);
            const page = panel.querySelector('.jp-WindowedPanel-outer')
              || panel.querySelector('.jp-Notebook');
            const seen = new Set(), broken = new Set();
            (async () => {
              for (let y = 0; ; y += page.clientHeight * 0.8) {
                page.scrollTop = y;
                await new Promise(ready => setTimeout(ready, 200));
                for (const image of panel.querySelectorAll('.jp-OutputArea-output img')) {
                  await image.decode().catch(() => {});
                  (image.naturalWidth > 0 && image.clientWidth > 0 ? seen : broken).add(image.src);
                }
                if (y + page.clientHeight >= page.scrollHeight) break;
              }
              done({charts: seen.size, broken: broken.size});
            })();
            """,
            NOTEBOOK.strip());
  }

  /** The page as a picture, to be looked at when a test fails. */
  void picture(Path file) throws IOException {
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
