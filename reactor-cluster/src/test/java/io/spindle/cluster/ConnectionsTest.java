// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConnectionsTest {

    private static final int CONNECTIONS = 300;
    private static final int LIMIT = 30;

    @Test
    void idleConnectionsAreClosedOneAfterTheOther() {
        Map<EmbeddedChannel, Connections.Farewell> open = new LinkedHashMap<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            open.put(new EmbeddedChannel(), new Connections.Farewell());
        }

        Map<Integer, Integer> closedAt = new TreeMap<>();
        for (int look = 1; !open.isEmpty(); look++) {
            open.forEach((connection, farewell) -> farewell.look(connection, Duration.ZERO, LIMIT));
            int before = open.size();
            open.keySet().removeIf(connection -> !connection.isOpen());
            if (before > open.size()) {
                closedAt.put(look, before - open.size());
            }
        }

        assertThat(closedAt.keySet())
                .as("not before half of the time, not after all of it")
                .allMatch(look -> look > LIMIT / 2 && look <= LIMIT + 1);
        assertThat(closedAt.values())
                .as("a look closes a sixteenth on average")
                .hasSizeGreaterThan(LIMIT / 4)
                .allMatch(closed -> closed < CONNECTIONS / 4);
    }

    @Test
    void theShortestLimitStillWaitsForOneLook() {
        EmbeddedChannel connection = new EmbeddedChannel();
        Connections.Farewell farewell = new Connections.Farewell();

        farewell.look(connection, Duration.ZERO, 1);
        assertThat(connection.isOpen()).isTrue();
        farewell.look(connection, Duration.ZERO, 1);
        assertThat(connection.isOpen()).isFalse();
    }
}
