package grounds.kernel;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The kernel knows how to show things, and nothing of models. */
@AnalyzeClasses(packages = "grounds.kernel", importOptions = ImportOption.DoNotIncludeTests.class)
class DependencyTest {

  @ArchTest
  static final ArchRule OF_OURS_ONLY_NOTEBOOK_AND_PLOT =
      classes()
          .should()
          .onlyDependOnClassesThat(
              DescribedPredicate.describe(
                  "are not ours, or are in kernel, notebook or plot", DependencyTest::mayBeUsed));

  private static boolean mayBeUsed(JavaClass type) {
    String name = type.getPackageName();
    return !name.startsWith("grounds.")
        || name.equals("grounds.kernel")
        || name.equals("grounds.notebook")
        || name.equals("grounds.plot");
  }
}
