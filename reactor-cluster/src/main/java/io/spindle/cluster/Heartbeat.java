// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.ChannelClosedException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Asks a worker again and again; it answers when each of its server loops has run a task. A question that is not
 * answered in time is asked once more: it may be the primary that was held up.
 */
final class Heartbeat {

    private static final int TIMES_IN_LIMIT = 3;

    private Heartbeat() {}

    /** Emits each answer; errors with {@link TimeoutException} if the worker hangs, or as it failed to answer;
     * completes if its channel ends. */
    static Flux<Control.Pulse> of(Channel channel, Duration limit, EventLoop loop) {
        Duration interval = limit.dividedBy(TIMES_IN_LIMIT);
        Mono<Control.Pulse> question = once(channel);
        return question.timeout(limit, loop)
                .onErrorResume(TimeoutException.class, late -> question.timeout(interval, loop))
                .repeatWhen(answered -> answered.delayElements(interval, loop))
                .onErrorComplete(ChannelClosedException.class);
    }

    /** Asks at each subscription. */
    static Mono<Control.Pulse> once(Channel channel) {
        return channel.request(Control.PING, "").map(answer -> answer.as(Control.Pulse.class));
    }
}
