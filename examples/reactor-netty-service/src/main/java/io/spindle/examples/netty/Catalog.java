// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

import io.spindle.offload.BlockingPool;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The list of files, in a database. JDBC blocks, so every call goes through the pool; a connection for each is enough here. */
final class Catalog {

    private static final String CREATE = "create table if not exists file (id varchar(36) primary key,"
            + " name varchar(255) not null, sha256 char(64) not null, bytes bigint not null, gzip_bytes bigint not null)";

    private final String url;
    private final BlockingPool pool;

    private Catalog(String url, BlockingPool pool) {
        this.url = url;
        this.pool = pool;
    }

    /** Blocks, once at the start. Several processes may open one directory: the first one serves the others. */
    static Catalog open(Path directory, BlockingPool pool) {
        Catalog catalog = new Catalog("jdbc:h2:file:" + directory.toAbsolutePath() + "/catalog;AUTO_SERVER=TRUE", pool);
        try (Connection connection = catalog.connect();
                PreparedStatement create = connection.prepareStatement(CREATE)) {
            create.execute();
        } catch (SQLException e) {
            throw new IllegalStateException("the catalog in " + directory + " cannot be opened", e);
        }
        return catalog;
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "sa", "");
    }

    Mono<StoredFile> add(StoredFile file) {
        return pool.call(() -> {
            try (Connection connection = connect();
                    PreparedStatement insert = connection.prepareStatement("insert into file values (?, ?, ?, ?, ?)")) {
                int column = 0;
                insert.setString(++column, file.id());
                insert.setString(++column, file.name());
                insert.setString(++column, file.sha256());
                insert.setLong(++column, file.bytes());
                insert.setLong(++column, file.gzipBytes());
                insert.executeUpdate();
                return file;
            }
        });
    }

    /** Empty if there is none. */
    Mono<StoredFile> find(String id) {
        return pool.call(() -> {
            try (Connection connection = connect();
                    PreparedStatement select = connection.prepareStatement("select * from file where id = ?")) {
                select.setString(1, id);
                try (ResultSet rows = select.executeQuery()) {
                    return rows.next() ? file(rows) : null;
                }
            }
        });
    }

    private static StoredFile file(ResultSet row) throws SQLException {
        return new StoredFile(
                row.getString("id"),
                row.getString("name"),
                row.getString("sha256"),
                row.getLong("bytes"),
                row.getLong("gzip_bytes"));
    }

    Flux<StoredFile> findAll() {
        Mono<List<StoredFile>> all = pool.call(() -> {
            try (Connection connection = connect();
                    PreparedStatement select = connection.prepareStatement("select * from file order by name, id");
                    ResultSet rows = select.executeQuery()) {
                List<StoredFile> files = new ArrayList<>();
                while (rows.next()) {
                    files.add(file(rows));
                }
                return files;
            }
        });
        return all.flatMapIterable(list -> list);
    }
}
