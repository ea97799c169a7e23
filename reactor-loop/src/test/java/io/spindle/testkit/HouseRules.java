// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The rules of the house, checked by every module: a module's {@code ArchitectureTest} extends this. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // the classes are read once
public abstract class HouseRules {

    /** The rooms in order: each may use those before it. */
    private static final String[] ROOMS = {
        "io.spindle.loop..",
        "io.spindle.offload..",
        "io.spindle.process..",
        "io.spindle.cluster..",
        "io.spindle.spring..",
        "io.spindle.examples.."
    };

    private final JavaClasses main = new ClassFileImporter().importPath("target/classes");
    private final JavaClasses tests = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeJars())
            .importPath("target/test-classes");

    @Test
    void roomsDependOneWayOnly() {
        for (int i = 0; i < ROOMS.length; i++) {
            for (int j = i + 1; j < ROOMS.length; j++) {
                noClasses()
                        .that()
                        .resideInAPackage(ROOMS[i])
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(ROOMS[j])
                        .allowEmptyShould(true)
                        .check(main);
            }
        }
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching("io.spindle.(**)").should().beFreeOfCycles().check(main);
    }

    /** A program may print; a library must not. Overridden where a module is a program. */
    protected boolean mayPrint() {
        return false;
    }

    @Test
    void mainCodeNeitherPrintsNorUsesJavaUtilLogging() {
        if (!mayPrint()) {
            NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(main);
        }
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(main);
    }

    @Test
    void mainCodeNeverBlocksOnAPublisher() {
        if (mayPrint()) {
            return; // a main method waits for its server
        }
        noClasses()
                .should()
                .callMethod("reactor.core.publisher.Mono", "block")
                .orShould()
                .callMethod("reactor.core.publisher.Mono", "block", "java.time.Duration")
                .orShould()
                .callMethod("reactor.core.publisher.Mono", "blockOptional")
                .orShould()
                .callMethod("reactor.core.publisher.Mono", "blockOptional", "java.time.Duration")
                .orShould()
                .callMethod("reactor.core.publisher.Flux", "blockFirst")
                .orShould()
                .callMethod("reactor.core.publisher.Flux", "blockFirst", "java.time.Duration")
                .orShould()
                .callMethod("reactor.core.publisher.Flux", "blockLast")
                .orShould()
                .callMethod("reactor.core.publisher.Flux", "blockLast", "java.time.Duration")
                .check(main);
    }

    @Test
    void implementationsArePackagePrivate() {
        classes()
                .that()
                .haveSimpleNameStartingWith("Default")
                .should()
                .bePackagePrivate()
                .allowEmptyShould(true)
                .check(main);
    }

    @Test
    void testsWaitForASignalAndNeverSleep() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .orShould()
                .callMethod(Thread.class, "sleep", Duration.class)
                .orShould()
                .callMethod(TimeUnit.class, "sleep", long.class)
                .check(tests);
    }
}
