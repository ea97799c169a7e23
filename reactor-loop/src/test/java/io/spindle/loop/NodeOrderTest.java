// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random programs of ticks, microtasks and immediates, in the order in which Node ran them; see order.mjs. */
@ExtendWith(LeakCheck.class)
class NodeOrderTest {

    private record Link(int kind, int parent) {}

    private record Program(List<Link> links, List<Integer> order) {

        static Program parse(String line) {
            String[] halves = line.split("\\|", -1);
            return new Program(
                    Arrays.stream(halves[0].split(",", -1)).map(Program::link).toList(),
                    Arrays.stream(halves[1].split(",", -1))
                            .map(Integer::valueOf)
                            .toList());
        }

        private static Link link(String text) {
            String[] parts = text.split(":", -1);
            return new Link(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        }
    }

    private static List<Program> recorded() throws IOException {
        try (InputStream in = NodeOrderTest.class.getResourceAsStream("node-order.txt");
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.US_ASCII))) {
            return lines.lines().map(Program::parse).toList();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void theOrderIsNodes(Transport transport) throws IOException {
        List<Program> programs = recorded();
        assertThat(programs).hasSize(300);

        for (Program program : programs) {
            List<Integer> order = new ArrayList<>();
            transport
                    .spec("order")
                    .blockedThreshold(Duration.ZERO)
                    .run(transport.script(loop ->
                            loop.setImmediate(() -> loop.setImmediate(() -> callback(loop, program, order, 0)))));
            assertThat(order).as("%s", program.links()).isEqualTo(program.order());
        }
    }

    private static void callback(EventLoop loop, Program program, List<Integer> order, int id) {
        order.add(id);
        for (int child = 1; child <= program.links().size(); child++) {
            Link link = program.links().get(child - 1);
            if (link.parent() == id) {
                int next = child;
                queue(loop, link.kind(), () -> callback(loop, program, order, next));
            }
        }
    }

    private static void queue(EventLoop loop, int kind, Runnable task) {
        switch (kind) {
            case 0 -> loop.nextTick(task);
            case 1 -> loop.queueMicrotask(task);
            default -> loop.setImmediate(task);
        }
    }
}
