// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ChildProcess;
import io.spindle.process.ipc.Channel;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Processes and channels on which nothing happens but what the test says. */
final class Fakes {

    private Fakes() {}

    static ChildProcess process() {
        return fake(ChildProcess.class);
    }

    static Channel channel() {
        return fake(Channel.class);
    }

    /** A channel whose messages all end so. */
    static Channel channel(Mono<Void> send) {
        return fake(Channel.class, Map.of("send", send));
    }

    private static <T> T fake(Class<T> type) {
        return fake(type, Map.of());
    }

    private static <T> T fake(Class<T> type, Map<String, Object> answers) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    Object answer = answers.get(method.getName());
                    return answer != null ? answer : nothing(method.getReturnType());
                }));
    }

    private static @Nullable Object nothing(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        if (type == long.class) {
            return 0L;
        }
        return type == Mono.class ? Mono.never() : type == Flux.class ? Flux.never() : null;
    }
}
