//! Expressions that are small enough. Parser and evaluation go down a level for each part inside another, and a stack that is too small
//! ends the process and not only the task; so an expression that is too deep is refused before the first record.

use cel::Program;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use highway_types::limits::{
    CONNECT_EXPRESSION_BRACKETS, CONNECT_EXPRESSION_BYTES, CONNECT_EXPRESSION_DEPTH, CONNECT_EXPRESSION_STACK,
};

/// The expression, or what is wrong with it.
pub(super) fn parse(source: &str) -> Result<Program, String> {
    if source.len() > CONNECT_EXPRESSION_BYTES {
        return Err(format!("it has {} bytes; {CONNECT_EXPRESSION_BYTES} are allowed", source.len()));
    }
    brackets(source)?;
    let compile = || {
        let program = Program::compile(source).map_err(|errors| errors.to_string())?;
        match depth(program.expression()) {
            deep if deep > CONNECT_EXPRESSION_DEPTH => {
                Err(format!("it has {deep} levels; {CONNECT_EXPRESSION_DEPTH} are allowed"))
            }
            _ => Ok(program),
        }
    };
    std::thread::scope(|scope| {
        let parser =
            std::thread::Builder::new().stack_size(CONNECT_EXPRESSION_STACK).spawn_scoped(scope, compile);
        let parser = parser.map_err(|error| format!("no thread to parse it: {error}"))?;
        parser.join().unwrap_or_else(|_| Err("the parser failed".to_owned()))
    })
}

/// Quotes are not looked at: a bracket in a string counts as one.
fn brackets(source: &str) -> Result<(), String> {
    let (mut depth, mut signs, mut most) = (0usize, 0usize, 0);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        signs = match byte {
            b'!' | b'-' => signs + 1,
            b' ' | b'\t' | b'\n' | b'\r' => signs,
            _ => 0,
        };
        most = most.max(depth).max(signs);
    }
    // A question mark opens a branch that is parsed inside of what stands before it.
    most = most.max(source.bytes().filter(|b| *b == b'?').count());
    if most > CONNECT_EXPRESSION_BRACKETS {
        return Err(format!(
            "it is too deep: {CONNECT_EXPRESSION_BRACKETS} brackets inside one another, signs in a row or conditions are allowed"
        ));
    }
    Ok(())
}

/// How many parts stand inside one another.
fn depth(expression: &IdedExpr) -> usize {
    let deepest = |inner: &[&IdedExpr]| inner.iter().map(|e| depth(e)).max().unwrap_or(0);
    let entries = |entries: &[cel::common::ast::IdedEntryExpr]| {
        let of = |entry: &EntryExpr| match entry {
            EntryExpr::StructField(field) => depth(&field.value),
            EntryExpr::MapEntry(entry) => depth(&entry.key).max(depth(&entry.value)),
        };
        entries.iter().map(|entry| of(&entry.expr)).max().unwrap_or(0)
    };
    1 + match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
        Expr::Call(call) => {
            let target = call.target.as_ref().map_or(0, |target| depth(target));
            call.args.iter().map(depth).max().unwrap_or(0).max(target)
        }
        Expr::Comprehension(c) => {
            deepest(&[&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result])
        }
        Expr::List(list) => list.elements.iter().map(depth).max().unwrap_or(0),
        Expr::Map(map) => entries(&map.entries),
        Expr::Select(select) => depth(&select.operand),
        Expr::Struct(made) => entries(&made.entries),
    }
}
