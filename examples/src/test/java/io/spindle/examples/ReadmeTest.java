// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows is what is compiled and run here. */
class ReadmeTest {

    private static final Path README = Path.of("../README.md");
    private static final Path SNIPPETS = Path.of("src/main/java/io/spindle/examples/Snippets.java");
    private static final Path STARTER = Path.of("../spring-boot-starter/src/test/java/io/spindle/spring");
    private static final Pattern MARKED =
            Pattern.compile("// README: (?!end)(\\w+)\n(.*?)\n *// README: end", Pattern.DOTALL);

    @Test
    void theReadmeHoldsEachSnippetToTheLetter() throws IOException {
        String readme = Files.readString(README);
        List<MatchResult> snippets = MARKED.matcher(Files.readString(SNIPPETS)
                        + Files.readString(STARTER.resolve("ReadmeApplication.java"))
                        + Files.readString(STARTER.resolve("hello/Hello.java")))
                .results()
                .toList();

        assertThat(readme.split("```java\n", -1)).as("no other program").hasSize(1 + snippets.size());
        for (MatchResult snippet : snippets) {
            String code = snippet.group(2).stripIndent().strip();
            assertThat(readme).as(snippet.group(1)).contains("```java\n" + code + "\n```");
        }
    }

    @Test
    void theSnippetsThatEndByThemselvesPrintWhatTheySay() {
        assertThat(printedBy(Snippets::loop))
                .containsExactly("1: main", "2: tick", "3: microtask", "4: immediate", "5: timeout");
        assertThat(printedBy(Snippets::offload))
                .startsWith("Start", "End")
                .hasSize(4)
                .contains("File read", "42, on the loop: true");
        assertThat(printedBy(Snippets::process))
                .containsSubsequence("a", "b")
                .anyMatch(line -> line.endsWith("time-out of PT0.05S: sleep 60"));
    }

    private static List<String> printedBy(Runnable program) {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
