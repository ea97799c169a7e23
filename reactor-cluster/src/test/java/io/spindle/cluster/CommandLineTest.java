// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    private static final PrimarySpec TWO = PrimarySpec.create().workers(2);

    private static Self self(List<String> flags, String classPath, String command, String... real) {
        return new Self(
                "/jdk/bin/java", flags, classPath, command, List.of(real), Optional.empty(), Optional.empty(), 17, 8);
    }

    @Test
    void aMainClassIsStartedAgainWithItsFlagsAndArgumentsAsTheyWere() {
        Self self = self(
                List.of("-Da=1", "-Xmx64m"),
                "a.jar:b.jar",
                "app.Main x y z",
                "java",
                "-Da=1",
                "-Xmx64m",
                "-cp",
                "a.jar:b.jar",
                "app.Main",
                "x",
                "y z");

        assertThat(CommandLine.worker(TWO, self))
                .containsExactly(
                        "/jdk/bin/java",
                        "-XX:+UseSerialGC",
                        "-XX:ActiveProcessorCount=4",
                        "-Da=1",
                        "-Xmx64m",
                        "-cp",
                        "a.jar:b.jar",
                        "app.Main",
                        "x",
                        "y z");
    }

    @Test
    void aJarIsStartedAgainAsAJar() {
        Self self = self(List.of(), "app.jar", "app.jar --port 1", "java", "-jar", "app.jar", "--port", "1");

        assertThat(CommandLine.worker(TWO, self)).endsWith("-jar", "app.jar", "--port", "1");
    }

    @Test
    void aProgramInModulesIsStartedAgainFromItsModulePath() {
        Self self = new Self(
                "/jdk/bin/java",
                List.of("-Djdk.module.path=mods", "-Djdk.module.main=m", "--add-modules=x"),
                "",
                "m/app.Main a",
                List.of("java", "-p", "mods", "-m", "m/app.Main", "a"),
                Optional.of("mods"),
                Optional.of("m"),
                17,
                8);

        assertThat(CommandLine.worker(TWO, self))
                .endsWith("--add-modules=x", "--module-path", "mods", "-m", "m/app.Main", "a")
                .noneMatch(word -> word.startsWith("-Djdk.module"));
    }

    @Test
    void whatStoodInAnArgumentFileIsTakenFromTheJvm() {
        Self all = self(List.of("-Da=1"), "a.jar", "app.Main x", "java", "@file");
        Self some = self(List.of("-Da=1"), "a.jar", "app.Main x y z", "java", "@file", "y z");

        assertThat(CommandLine.worker(TWO, all)).endsWith("-Da=1", "-cp", "a.jar", "app.Main", "x");
        assertThat(CommandLine.worker(TWO, some)).endsWith("-cp", "a.jar", "app.Main", "x", "y z");
    }

    @Test
    void anArgumentThatLooksLikeTheMainClassIsNoTrap() {
        Self self = self(List.of(), "a.jar", "app.Main app.Main", "java", "-cp", "a.jar", "app.Main", "app.Main");

        assertThat(CommandLine.worker(TWO, self)).endsWith("a.jar", "app.Main", "app.Main");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
                "-Xrunjdwp:transport=dt_socket",
                "-Dcom.sun.management.jmxremote.port=9010",
                "-Xlog:gc*:file=gc.log",
                "-Xloggc:gc.log",
                "-XX:StartFlightRecording=duration=60s,filename=a.jfr",
                "-XX:ArchiveClassesAtExit=app.jsa",
                "-XX:AOTCacheOutput=app.aot"
            })
    void whatOnlyOneProcessCanHaveStaysWithThePrimary(String flag) {
        Self self = self(List.of(flag, "-Dkept=1"), "a.jar", "app.Main", "java", flag, "app.Main");

        assertThat(CommandLine.worker(TWO, self)).contains("-Dkept=1").doesNotContain(flag);
    }

    @Test
    void filesWithTheProcessIdInTheirNameAndOtherAgentsAreKept() {
        List<String> flags = List.of("-Xlog:gc:file=gc-%p.log", "-javaagent:apm.jar");
        Self self = self(flags, "a.jar", "app.Main", "java", "app.Main");

        assertThat(CommandLine.worker(TWO, self)).containsAll(flags);
    }

    @Test
    void ownChoicesOfCollectorHeapAndProcessorsWin() {
        Self own = self(
                List.of("-XX:+UseG1GC", "-XX:MaxRAMPercentage=10", "-XX:ActiveProcessorCount=3"),
                "a.jar",
                "app.Main",
                "java",
                "app.Main");
        Self none = self(List.of(), "a.jar", "app.Main", "java", "app.Main");

        assertThat(CommandLine.worker(TWO, own))
                .doesNotContain("-XX:+UseSerialGC", "-XX:MaxRAMPercentage=37.5", "-XX:ActiveProcessorCount=4");
        assertThat(CommandLine.worker(TWO, none))
                .contains("-XX:+UseSerialGC", "-XX:MaxRAMPercentage=37.5", "-XX:ActiveProcessorCount=4");
        assertThat(CommandLine.worker(TWO.jvmArgs("-Xmx99m", "-XX:+UseZGC"), none))
                .contains("-Xmx99m")
                .noneMatch(flag -> flag.contains("Serial") || flag.contains("MaxRAM"));
        assertThat(CommandLine.worker(TWO.standby(1), none))
                .as("who waits needs memory, not processors")
                .contains("-XX:MaxRAMPercentage=25.0", "-XX:ActiveProcessorCount=4");
        assertThat(CommandLine.worker(TWO.workers(100), none)).contains("-XX:ActiveProcessorCount=1");
    }

    @Test
    void anExplicitMainClassRunsOnThisClassPath() {
        Self self = self(List.of("-Xmx64m"), "a.jar", "runner.jar x", "java", "-jar", "runner.jar", "x");

        assertThat(CommandLine.worker(TWO.main(String.class, "one", "two"), self))
                .endsWith("-Xmx64m", "-cp", "a.jar", "java.lang.String", "one", "two");
    }

    @Test
    void aProgramWhoseMainClassIsUnknownSaysWhatToDo() {
        assertThatThrownBy(() -> CommandLine.worker(TWO, self(List.of(), "a.jar", "")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("PrimarySpec.main");
    }

    @Test
    void theRealCommandLineOfThisJvmIsKnown() {
        Self self = Self.current();

        assertThat(self.commandLine()).isNotEmpty();
        assertThat(self.feature()).isGreaterThanOrEqualTo(17);
        assertThat(CommandLine.worker(TWO.main(CommandLineTest.class), self)).contains(CommandLineTest.class.getName());
    }
}
