// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the guide from Node names exists. */
class NodeGuideTest {

    private static final Pattern MIDDLE =
            Pattern.compile("^\\| (?:[^|]|\\\\\\|)+ \\|((?:[^|]|\\\\\\|)+)\\|", Pattern.MULTILINE);
    private static final Pattern METHOD = Pattern.compile("`([A-Z]\\w+)\\.([a-z]\\w*)`");

    @Test
    void eachMethodInTheMiddleColumnIsPublic() throws IOException {
        Set<String> methods = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.spindle").stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .flatMap(type -> type.getAllMethods().stream()
                                .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
                                .map(method -> type.getSimpleName() + "." + method.getName()))
                        .collect(Collectors.toSet());

        List<String> named = MIDDLE.matcher(Files.readString(Path.of("../docs/node-to-spindle.md")))
                .results()
                .map(cell -> cell.group(1))
                .flatMap(cell -> METHOD.matcher(cell).results())
                .map(NodeGuideTest::name)
                .toList();

        assertThat(named).hasSizeGreaterThan(100);
        assertThat(methods).containsAll(named);
    }

    private static String name(MatchResult method) {
        return method.group(1) + "." + method.group(2);
    }
}
