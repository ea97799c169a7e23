// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.Cluster;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.io.Files;
import io.spindle.offload.worker.Worker;
import io.spindle.process.Command;
import io.spindle.process.ipc.Channel;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the table from Node to Spindle names is there. */
class NodeTableTest {

    private static final Path TABLE = Path.of("../docs/node-to-spindle.md");
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w+)\\.([a-z]\\w+)`");

    private static Stream<Class<?>> types(String simpleName) {
        return Stream.<Class<?>>of(
                        EventLoop.class,
                        BlockingPool.class,
                        Files.class,
                        Worker.class,
                        Command.class,
                        Channel.class,
                        Cluster.class)
                .map(inPackage -> inPackage.getPackageName() + "." + simpleName)
                .flatMap(NodeTableTest::load);
    }

    private static Stream<Class<?>> load(String name) {
        try {
            return Stream.of(Class.forName(name));
        } catch (ClassNotFoundException e) {
            return Stream.empty();
        }
    }

    @Test
    void everyMethodInTheTableExists() throws IOException {
        Set<String> missing = new TreeSet<>();
        int named = 0;
        for (String line : java.nio.file.Files.readAllLines(TABLE, StandardCharsets.UTF_8)) {
            Matcher names = NAME.matcher(line.substring(line.lastIndexOf(" | ") + 1));
            while (names.find()) {
                named++;
                String method = names.group(2);
                if (types(names.group(1))
                        .flatMap(type -> Arrays.stream(type.getMethods()))
                        .map(Method::getName)
                        .noneMatch(method::equals)) {
                    missing.add(names.group());
                }
            }
        }

        assertThat(named).isGreaterThan(150);
        assertThat(missing).isEmpty();
    }
}
