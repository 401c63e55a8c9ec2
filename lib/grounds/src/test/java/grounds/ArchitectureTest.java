package grounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.EvaluationResult;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The architecture of the library: which package may import which, and what none may do. The second
 * half shows, on the classes of {@code architecture.fixture} that break the rules on purpose, that
 * each rule bites.
 */
class ArchitectureTest {
  private static final String ROOT = "grounds";
  private static final String FIXTURE_ROOT = "architecture.fixture";

  private static final JavaClasses LIBRARY =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);
  private static final JavaClasses FIXTURE = new ClassFileImporter().importPackages(FIXTURE_ROOT);

  /**
   * The packages below the root, and the packages below the root that each may import. Whoever may
   * import {@code model} may import its layers too.
   */
  private static final Map<String, List<String>> MAY_IMPORT = new LinkedHashMap<>();

  private static void row(String name, String... mayImport) {
    MAY_IMPORT.put(name, List.of(mayImport));
  }

  static {
    row("corpus");
    row("tokenizer", "corpus");
    row("tensor");
    row("model.layer", "tensor");
    row("model", "tensor", "model.layer");
    row("model.script", "tensor", "model", "model.layer");
    row("checkpoint", "tokenizer", "tensor", "model", "model.layer");
    row(
        "training",
        "tokenizer",
        "tensor",
        "model",
        "model.layer",
        "model.script",
        "checkpoint",
        "evaluation");
    row("generation", "tokenizer", "tensor", "model", "model.layer", "model.script");
    row("evaluation", "corpus", "tokenizer", "tensor", "model", "model.layer", "generation");
    row("scaling", "corpus", "tokenizer", "tensor", "model", "model.layer", "training");
    row(
        "finetune",
        "corpus",
        "tokenizer",
        "tensor",
        "model",
        "model.layer",
        "model.script",
        "checkpoint",
        "training",
        "generation",
        "evaluation");
    row("interpret", "tokenizer", "tensor", "model", "model.layer");
    row("plot");
    // The notebook's face sees everything and is seen by nothing.
    row("notebook", MAY_IMPORT.keySet().toArray(String[]::new));
  }

  /** Names that say nothing about what a package holds. */
  private static final List<String> EMPTY_NAMES =
      List.of("util", "utils", "common", "core", "impl");

  /** Where autograd may be on. */
  private static final List<String> DIFFERENTIATED =
      List.of("model", "model.layer", "training", "generation", "finetune");

  /** Classes there that compute outside autograd, where the next rule has no reason to hold. */
  private static final Set<String> OUTSIDE_AUTOGRAD = Set.of("training.AdamW");

  /** Operations whose backward pass reads the operand again. */
  private static final Set<String> KEEPS_OPERAND =
      Set.of("mul", "muli", "div", "divi", "pow", "powi", "mod", "modi", "maximum", "minimum");

  // The rules

  private static ArchRule importsFollowTheTable(String root) {
    return ArchRuleDefinition.classes()
        .that()
        .resideInAPackage(root + ".(*)..")
        .should(
            condition(
                "import only what the table of packages allows",
                (javaClass, report) -> {
                  String from = below(root, javaClass);
                  if (!MAY_IMPORT.containsKey(from)) {
                    report.violation(
                        "%s is in a package that is not in the table: add it, with its imports"
                            .formatted(javaClass.getName()));
                    return;
                  }
                  for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
                    JavaClass target = dependency.getTargetClass().getBaseComponentType();
                    if (!target.getPackageName().startsWith(root + ".")) {
                      continue;
                    }
                    String to = below(root, target);
                    if (!to.equals(from) && !MAY_IMPORT.get(from).contains(to)) {
                      report.violation(
                          "%s may not import %s: %s"
                              .formatted(from, to, dependency.getDescription()));
                    }
                  }
                }))
        .because("imports run one way only");
  }

  private static String below(String root, JavaClass javaClass) {
    return javaClass.getPackageName().substring(root.length() + 1);
  }

  private static ArchRule noCycles(String root) {
    return SlicesRuleDefinition.slices().matching(root + ".(**)").should().beFreeOfCycles();
  }

  private static ArchRule namesSayWhatIsInside(String root) {
    return ArchRuleDefinition.classes()
        .should(
            condition(
                "live in packages named after a concept of the field",
                (javaClass, report) -> {
                  for (String name : below(root, javaClass).split("\\.")) {
                    if (EMPTY_NAMES.contains(name) || name.matches("(chapter|lesson)\\d*")) {
                      report.violation(
                          "%s: \"%s\" says nothing about what is inside"
                              .formatted(javaClass.getName(), name));
                    }
                  }
                }));
  }

  private static ArchRule noJavaNumberUnderAutograd(String root) {
    return ArchRuleDefinition.classes()
        .should(
            condition(
                "not multiply, divide or raise an NDArray by a Java number",
                (javaClass, report) -> {
                  String name = javaClass.getName().substring(root.length() + 1);
                  String outermost = name.replaceAll("\\$.*", "");
                  if (!DIFFERENTIATED.contains(below(root, javaClass))
                      || OUTSIDE_AUTOGRAD.contains(outermost)) {
                    return;
                  }
                  // Method references count as well as calls.
                  javaClass.getCodeUnitAccessesFromSelf().stream()
                      .filter(access -> takesJavaNumber(access.getTarget()))
                      .forEach(access -> report.violation(access.getDescription()));
                }))
        .because(
            "the engine keeps such a number in a buffer that may be freed before the backward pass"
                + " reads it: wrong gradients, silently. Use add or sub, or a constant tensor that"
                + " outlives the backward pass");
  }

  private static boolean takesJavaNumber(CodeUnitAccessTarget target) {
    return KEEPS_OPERAND.contains(target.getName())
        && (target.getOwner().isAssignableTo(NDArray.class)
            || target.getOwner().isEquivalentTo(NDArrays.class))
        && target.getRawParameterTypes().stream()
            .anyMatch(type -> type.isAssignableTo(Number.class));
  }

  private interface Report {
    void violation(String message);
  }

  private interface Check {
    void of(JavaClass javaClass, Report report);
  }

  private static ArchCondition<JavaClass> condition(String description, Check check) {
    return new ArchCondition<>(description) {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        check.of(
            javaClass, message -> events.add(SimpleConditionEvent.violated(javaClass, message)));
      }
    };
  }

  // The library keeps them

  @Test
  void theLibrarysImportsFollowTheTable() {
    importsFollowTheTable(ROOT).check(LIBRARY);
  }

  @Test
  void theLibraryHasNoCycles() {
    noCycles(ROOT).check(LIBRARY);
  }

  @Test
  void theLibrarysPackagesAreNamedAfterConcepts() {
    namesSayWhatIsInside(ROOT).check(LIBRARY);
  }

  @Test
  void theLibraryMultipliesByNoJavaNumberUnderAutograd() {
    noJavaNumberUnderAutograd(ROOT).check(LIBRARY);
  }

  @Test
  void theTableItselfRunsOneWay() {
    for (String name : MAY_IMPORT.keySet()) {
      assertFalse(reaches(name, name), name + " reaches itself through the table");
      for (String imported : MAY_IMPORT.get(name)) {
        assertTrue(MAY_IMPORT.containsKey(imported), imported + " has no row");
        assertFalse(imported.equals("notebook"), name + " imports the notebook's face");
      }
    }
  }

  private static boolean reaches(String from, String to) {
    return MAY_IMPORT.get(from).stream().anyMatch(next -> next.equals(to) || reaches(next, to));
  }

  // Each rule bites: the fixture breaks it, and only the classes that break it are named

  @Test
  void aForbiddenImportIsFound() {
    assertViolations(
        importsFollowTheTable(FIXTURE_ROOT),
        "corpus may not import tensor",
        "tensor may not import notebook",
        "model.layer may not import model:",
        "architecture.fixture.util.Helper is in a package that is not in the table",
        "architecture.fixture.chapter3.Lesson is in a package that is not in the table");
  }

  @Test
  void aCycleIsFound() {
    assertViolations(noCycles(FIXTURE_ROOT), "Cycle detected: Slice model -> ");
  }

  @Test
  void anEmptyNameIsFound() {
    assertViolations(
        namesSayWhatIsInside(FIXTURE_ROOT),
        "util.Helper: \"util\"",
        "chapter3.Lesson: \"chapter3\"");
  }

  @Test
  void aJavaNumberUnderAutogradIsFound() {
    List<String> messages =
        assertViolations(
            noJavaNumberUnderAutograd(FIXTURE_ROOT),
            "Scale.instanceCall",
            "Scale.boxed",
            "Scale.inPlace",
            "Scale.reversed",
            "Scale.methodReference",
            "Scale.insideALambda");
    assertEquals(6, messages.size(), messages.toString());
  }

  /** Asserts that every part is in a message and every message has one of the parts. */
  private static List<String> assertViolations(ArchRule rule, String... parts) {
    EvaluationResult result = rule.evaluate(FIXTURE);
    List<String> messages = result.getFailureReport().getDetails();
    for (String part : parts) {
      assertTrue(
          messages.stream().anyMatch(message -> message.contains(part)),
          () -> "no violation with <" + part + "> in " + messages);
    }
    for (String message : messages) {
      assertTrue(
          Arrays.stream(parts).anyMatch(message::contains), () -> "not expected: " + message);
    }
    return messages;
  }
}
