// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.context.ContextRegistry;
import io.spindle.offload.io.Files;
import io.spindle.offload.worker.MessageChannel;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Hooks;
import reactor.util.context.Context;

/** What comes home to a loop brings the thread locals of who subscribed; those of the loop's own callbacks: see there. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ThreadLocalsTest {

    private static final String KEY = "spindle.test.trace";
    private static final ThreadLocal<String> TRACE = new ThreadLocal<>();

    @BeforeEach
    void propagate() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, TRACE);
        Hooks.enableAutomaticContextPropagation();
    }

    @AfterEach
    void stop() {
        Hooks.disableAutomaticContextPropagation();
        ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
        TRACE.remove();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    @DisplayName("O-74: what a file, a port and a program tell is told with the thread locals of who asked")
    void filesPortsAndPrograms(Transport transport, @TempDir Path directory) throws IOException {
        Path file = java.nio.file.Files.writeString(directory.resolve("file"), "text");
        MessageChannel<String, String> channel = MessageChannel.create();
        List<String> seen = new ArrayList<>();

        transport.run(loop -> {
            Files.readString(file)
                    .doOnNext(text -> seen.add("file " + TRACE.get() + " " + loop.inLoop()))
                    .contextWrite(Context.of(KEY, "1"))
                    .subscribe();
            channel.port2()
                    .messages()
                    .take(1)
                    .doOnNext(message -> seen.add("port " + TRACE.get() + " " + loop.inLoop()))
                    .contextWrite(Context.of(KEY, "2"))
                    .subscribe();
            channel.port1().postMessage("message");
            Command.of("true")
                    .exec()
                    .doOnNext(result -> seen.add("exec " + TRACE.get() + " " + loop.inLoop()))
                    .contextWrite(Context.of(KEY, "3"))
                    .subscribe();
            Command.of("echo", "line")
                    .lines()
                    .doOnNext(line -> seen.add(line + " " + TRACE.get() + " " + loop.inLoop()))
                    .contextWrite(Context.of(KEY, "4"))
                    .subscribe();
        });

        assertThat(seen).containsExactlyInAnyOrder("file 1 true", "port 2 true", "exec 3 true", "line 4 true");
    }
}
